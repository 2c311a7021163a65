"""Repositories of system libraries, described by pkg-config.

A library of such a repository carries link options, and the macros that its
headers need: the headers are in the compiler's own include path.
"""

_LIBRARY = """
cc_library(
    name = "{name}",
    defines = {defines},
    linkopts = {linkopts},
    visibility = ["//visibility:public"],
)
"""

def _link_options(ctx, pkg_config, requirement):
    """Returns the -l options of the modules and options in `requirement`."""
    words = requirement.split(" ")
    options = [word for word in words if word.startswith("-l")]
    modules = [word for word in words if word and word not in options]
    if modules:
        result = ctx.execute([pkg_config, "--libs"] + modules)
        if result.return_code != 0:
            fail("pkg-config does not know %s; run tools/setup.\n%s" %
                 (" ".join(modules), result.stderr))
        options += [
            word
            for word in result.stdout.strip().split(" ")
            if word.startswith("-l") or word == "-pthread"
        ]
    if not options:
        return []  # The library has headers only.

    # The later of two equal options is enough, also for static archives.
    newest_first = {option: None for option in reversed(options)}
    return (["-Wl,--push-state,--as-needed"] +
            reversed(newest_first.keys()) +
            ["-Wl,--pop-state"])

def _pkg_config_repository_impl(ctx):
    pkg_config = ctx.which("pkg-config")
    if not pkg_config:
        fail("pkg-config is not installed; run tools/setup.")
    packages = {}
    for label, requirement in ctx.attr.libraries.items():
        package, _, name = label.partition(":")
        packages.setdefault(package, []).append(_LIBRARY.format(
            name = name or package.rpartition("/")[2],
            defines = repr(ctx.attr.defines),
            linkopts = repr(_link_options(ctx, pkg_config, requirement)),
        ))
    packages.setdefault("", [])
    for package, libraries in packages.items():
        path = package + "/BUILD" if package else "BUILD"
        ctx.file(path, "".join(libraries), executable = False)

pkg_config_repository = repository_rule(
    implementation = _pkg_config_repository_impl,
    doc = "Makes a repository whose libraries are installed on this system.",
    attrs = {
        "defines": attr.string_list(
            doc = "Macros that who includes its headers must define.",
        ),
        "libraries": attr.string_dict(
            mandatory = True,
            doc = "From a label inside the repository (`absl/status:statusor`; " +
                  "`absl/strings` is short for `absl/strings:strings`) to what " +
                  "it links: pkg-config modules and -l options, in words. " +
                  "Empty: headers only.",
        ),
    },
    local = True,
)
