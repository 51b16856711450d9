"""What is drawn where: pictures of numbers as numbers."""

import itertools

from matou.server.web.charts import HEIGHT, WIDTH, Dot, bar_chart, line_points, punch_card


def test_the_highest_bar_is_as_high_as_the_picture_and_the_others_are_in_proportion() -> None:
    chart = bar_chart([("1", 50, ""), ("2", 100, "warn"), ("3", 0, "")])

    assert [bar.height for bar in chart.bars] == [HEIGHT / 2, HEIGHT, 0]
    assert [bar.y + bar.height for bar in chart.bars] == [HEIGHT] * 3
    assert chart.highest == 100
    assert chart.bars[1].tone == "warn"


def test_bars_stand_beside_one_another_within_the_picture() -> None:
    chart = bar_chart([(str(number), number, "") for number in range(60)])

    edges = [(bar.x, bar.x + bar.width) for bar in chart.bars]
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(edges))
    assert edges[-1][1] <= WIDTH


def test_the_least_of_something_is_seen_beside_much_and_nothing_is_not() -> None:
    chart = bar_chart([("1", 1, ""), ("2", 10**12, ""), ("3", 0, "")])

    assert [bar.height for bar in chart.bars] == [1, HEIGHT, 0]


def test_no_numbers_and_nothing_but_zeros_are_pictures_too() -> None:
    assert bar_chart([]).bars == ()
    assert [bar.height for bar in bar_chart([("1", 0, "")]).bars] == [0]
    assert line_points([]) == line_points([0, 0]) == ""


def test_a_line_goes_from_edge_to_edge_and_from_zero_to_the_greatest() -> None:
    assert line_points([0, 5, 10], width=100, height=20) == "0,20 50,10 100,0"
    assert line_points([7], width=100, height=20) == "0,0"


def test_a_dot_has_the_area_of_its_number() -> None:
    assert punch_card([[0, 4], [1, 0]]) == (Dot(1, 0, 1.0, 4), Dot(0, 1, 0.5, 1))
    assert punch_card([[0, 0]]) == ()
