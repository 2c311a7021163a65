"""scenario_tests: a test for each scenario file."""

def scenario_tests(files):
    """Declares FILE_test, without its .txt, for each of `files`.

    Args:
      files: labels of scenario files of this package.
    """
    for file in files:
        native.sh_test(
            name = file[:-len(".txt")] + "_test",
            size = "small",
            srcs = ["play.sh"],
            args = [
                "$(rootpath :scenario_main)",
                "$(rootpath %s)" % file,
            ],
            data = [
                file,
                ":scenario_main",
            ],
        )
