"""twin_library: test code that exists for both kinds of core."""

_SUFFIX = "_mutable"

def _mutable(label):
    """Returns the label of the mutable twin of `label`."""
    if ":" not in label:
        label += ":" + label.rpartition("/")[2]
    return label + _SUFFIX

def twin_library(name, twin_deps = [], deps = [], **kwargs):
    """Declares a test library twice: on the real core, and on a mutable one.

    NAME is for tests of the code that ships. NAME_mutable is the same sources
    on //coord/consensus:core_mutable, in which a mutation run can switch off
    one guard (coord/consensus/guard.h). A program links only one kind.

    Args:
      name: the library's name.
      twin_deps: what it depends on that exists as twins too; here the names
        without the suffix.
      deps: what it depends on that exists once.
      **kwargs: what else cc_library knows, for both.
    """
    for suffix in ["", _SUFFIX]:
        native.cc_library(
            name = name + suffix,
            testonly = True,
            deps = deps + [
                _mutable(dep) if suffix else dep
                for dep in twin_deps
            ],
            **kwargs
        )
