"""Run by gdb, attached to a board that runs the broker: what is out of every pool, one `count name`
a line. It follows the types of the image's debug information, so that no pool is forgotten.
"""

import gdb
import gdb.types


def has_slab(kind: gdb.Type) -> bool:
    """Whether a slab is in an object of this type, however deep."""
    if kind.name == "midge::Slab":
        return True
    return kind.code == gdb.TYPE_CODE_STRUCT and any(
        has_slab(field.type.strip_typedefs())
        for field in kind.fields()
        if hasattr(field, "bitpos")  # not static
    )


def say(count: int, name: str) -> None:
    print(int(count), name)


def say_slabs(value: gdb.Value, name: str) -> None:
    kind = value.type.strip_typedefs()
    if kind.name == "midge::Slab":
        say(value["used_"], name)
    elif kind.name == "midge::Memory":
        say(value["arena_"]["used_"], "pages of the arena")
        for i in range(int(value["class_count_"])):
            slab = value["classes_"][i]
            say(slab["used_"], f"{name}: blocks of {int(slab['object_bytes_'])} bytes")
    elif has_slab(kind):
        for field in kind.fields():
            if hasattr(field, "bitpos"):
                say_slabs(value[field], name if field.is_base_class else f"{name}.{field.name}")


def length_of(first: gdb.Value) -> int:
    length = 0
    while int(first) != 0:
        first = first["next"]
        length += 1
    return length


def say_lwip() -> None:
    # A connection that was closed keeps its pcb a while, but whoever asks for one gets it.
    waiting = length_of(gdb.parse_and_eval("tcp_tw_pcbs"))
    pools = gdb.parse_and_eval("memp_pools")
    for i in range(pools.type.range()[1] + 1):
        pool = pools[i].dereference()
        name = str(pools[i]).split("<memp_")[1].rstrip(">")  # an address, and <memp_TCP_PCB>
        used = int(pool["num"]) - length_of(pool["tab"].dereference())
        say(used - (waiting if name == "TCP_PCB" else 0), f"lwIP's {name}")
    block = gdb.parse_and_eval("(struct mem*)ram")
    start = gdb.parse_and_eval("(char*)ram")
    used = 0
    while block != gdb.parse_and_eval("ram_end"):
        used += int(block["used"])
        block = (start + int(block["next"])).cast(block.type)
    say(used, "blocks of lwIP's heap")


def say_all() -> None:
    # lwIP's listening connection knows our listener, which knows all the rest.
    listener = gdb.parse_and_eval(
        "*(midge::lwip::Listener*)tcp_listen_pcbs.listen_pcbs->callback_arg"
    )
    core = gdb.parse_and_eval(f"*(midge::core::Core*){int(listener['acceptor_'].address)}")
    state = gdb.lookup_type("midge::core::Core::State")
    if gdb.types.has_field(core.type, "state_"):
        say_slabs(core["state_"].referenced_value(), "core")
    else:  # the state is a core
        say_slabs(core.address.cast(state.pointer()).dereference(), "core")
    transports = listener["transports_"].referenced_value()
    leftovers = transports["leftovers_"]
    say(leftovers["free_count_"], "leftover blocks that are free")
    say(transports["charged_"], "bytes of lwIP's heap that connections may use")
    say_lwip()


say_all()
