"""What people said, on its way to a page: texts, times, people, within what a page may weigh."""
