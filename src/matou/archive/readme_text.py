"""The text of MATOU.txt: how to get code out of an archive when Matou is not at hand."""

FIRST_AID = """\
Matou 码头 — an archive of git repositories / git 仓库归档库
===========================================================

[English]

This folder holds repositories that Matou saved from a code-hosting platform. You do not need Matou to get them
back: `ls`, `cat` and `git` are enough. Do not change anything here by hand; copy out of it.

  repositories/TEAM/PROJECT/REPOSITORY.git   a bare git repository each
  blobs/objects/ab/cd/<SHA-256>              large files (Git LFS), icons, lists; the name is the SHA-256 of the bytes
  runs/000001/manifest.jsonl                 what each backup saw, saved and could not save: one JSON object a line

Get a repository:
  git clone THIS_FOLDER/repositories/TEAM/PROJECT/REPOSITORY.git

Get its LFS files (git-lfs must be installed; run in the clone):
  git -c lfs.storage=/FULL/PATH/OF/THIS_FOLDER/blobs lfs checkout

See what was overwritten or deleted at the source, and is kept here:
  git -C THIS_FOLDER/repositories/TEAM/PROJECT/REPOSITORY.git for-each-ref refs/matou

See how each backup ended, and what a repository is really called:
  tail -n 1 runs/*/manifest.jsonl
  grep '"kind":"repository"' runs/000001/manifest.jsonl

Check that nothing is damaged:
  git -C THIS_FOLDER/repositories/TEAM/PROJECT/REPOSITORY.git fsck --full
  cd blobs/objects && find . -type f -printf '%f  %p\\n' | sha256sum -c --quiet

With Matou: matou verify THIS_FOLDER; matou restore THIS_FOLDER --to FOLDER; matou serve --root THIS_FOLDER

[中文]

本文件夹由 Matou 码头从代码托管平台备份而来。取回代码不需要 Matou，用 `ls`、`cat` 和 `git` 就够了。
请不要手工改动这里的文件，只从这里复制出去。

  repositories/团队/项目/仓库.git            每个都是一个裸仓库（bare repository）
  blobs/objects/ab/cd/<SHA-256>              大文件（Git LFS）、图标、清单；文件名就是内容的 SHA-256
  runs/000001/manifest.jsonl                 每次备份看到了什么、存下了什么、没能存下什么：一行一个 JSON 对象

取回一个仓库：
  git clone 本文件夹/repositories/团队/项目/仓库.git

取回其中的 LFS 文件（需要安装 git-lfs，在克隆出来的目录里执行）：
  git -c lfs.storage=本文件夹的完整路径/blobs lfs checkout

查看在来源处被覆盖或删除、但保留在这里的提交：
  git -C 本文件夹/repositories/团队/项目/仓库.git for-each-ref refs/matou

查看每次备份的结果，以及仓库的真实名称：
  tail -n 1 runs/*/manifest.jsonl
  grep '"kind":"repository"' runs/000001/manifest.jsonl

检查有没有损坏：
  git -C 本文件夹/repositories/团队/项目/仓库.git fsck --full
  cd blobs/objects && find . -type f -printf '%f  %p\\n' | sha256sum -c --quiet

使用 Matou：matou verify 本文件夹；matou restore 本文件夹 --to 目标文件夹；matou serve --root 本文件夹
"""
