"""The compiled code of libraries and of all that they depend on."""

def _linked_objects_impl(ctx):
    contexts = [dep[CcInfo].linking_context for dep in ctx.attr.deps]
    inputs = depset(transitive = [each.linker_inputs for each in contexts])
    files = []
    for linker_input in inputs.to_list():
        for library in linker_input.libraries:
            archive = library.pic_static_library or library.static_library
            if archive:
                files.append(archive)
    if not files:
        fail("there is no compiled code in deps")
    return [DefaultInfo(
        files = depset(files),
        runfiles = ctx.runfiles(files),
    )]

linked_objects = rule(
    implementation = _linked_objects_impl,
    doc = "The static libraries of `deps`, transitively, without the system's.",
    attrs = {"deps": attr.label_list(mandatory = True, providers = [CcInfo])},
)
