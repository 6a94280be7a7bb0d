"""Reads Envoy's protobuf descriptors out of the `xds-protos` wheel, without importing anything from it.

Each `*_pb2.py` in the wheel carries its file's serialized FileDescriptorProto as one bytes literal. This program
collects those literals, parsed as syntax and never run, into one serialized FileDescriptorSet on standard output.

Usage: envoy-descriptors.py WHEEL
"""

import ast
import sys
import zipfile


def serialized_file(source: str) -> bytes | None:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "AddSerializedFile":
            literal = node.args[0]
            if isinstance(literal, ast.Constant) and isinstance(literal.value, bytes):
                return literal.value
    return None


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def main() -> None:
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        for name in sorted(wheel.namelist()):
            if name.endswith("_pb2.py"):
                file = serialized_file(wheel.read(name).decode())
                if file is not None:
                    # FileDescriptorSet.file is field 1, length-delimited: tag byte 0x0a.
                    sys.stdout.buffer.write(b"\x0a" + varint(len(file)) + file)


main()
