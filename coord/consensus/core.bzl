"""consensus_library: a library that exists with and without mutations."""

_SUFFIX = "_mutable"

def _check_deps(name, deps):
    """Refuses a dependency that has a mutable twin where none is expected."""
    declared = native.existing_rules()
    for dep in deps:
        if dep.startswith(":") and dep[1:] + _SUFFIX in declared:
            fail("%s: %s has a mutable twin: name it in twin_deps" %
                 (name, dep))

def _mutable(label):
    """Returns the label of the mutable twin of `label`."""
    if ":" not in label:
        label += ":" + label.rpartition("/")[2]
    return label + _SUFFIX

def consensus_library(
        name,
        twin_deps = [],
        deps = [],
        visibility = None,
        testonly = False,
        **kwargs):
    """Declares a library that reads guards, or depends on one that does, twice.

    `name` is the production library, in which every guard is fixed. The twin
    `name`_mutable is the same code compiled with QUORATE_MUTATIONS, for tests
    that switch a guard off (see guard.h). The two never mix: each twin depends
    only on twins of its own kind, and a program that depends on both kinds does
    not link ("multiple definition of quorate_has_one_kind_of_guards").

    Args:
      name: the library's name.
      twin_deps: what it depends on that exists as twins too; here the names
        without the suffix.
      deps: what it depends on that exists once.
      visibility: of both.
      testonly: of the production library; its twin always is.
      **kwargs: what else cc_library knows, for both.
    """
    _check_deps(name, deps)
    native.cc_library(
        name = name,
        testonly = testonly,
        visibility = visibility,
        deps = twin_deps + deps,
        **kwargs
    )
    native.cc_library(
        name = name + _SUFFIX,
        testonly = True,
        defines = ["QUORATE_MUTATIONS"],
        visibility = visibility,
        deps = [_mutable(dep) for dep in twin_deps] + deps,
        **kwargs
    )
