#!/usr/bin/env python3
"""A second verifier of the audit log, which shares no code with the proxy. It was written only from the description of the format.

    verify.py FOLDER [--signatures N]

FOLDER is the folder of one log that begins with record 0. Reads all records, checkpoints and lines of `ranges`. With the `openssl`
command, verifies N signatures, which are spread over the log and include the newest one; without N, verifies all of them. Prints a
JSON object. Exits with 1 if there are problems.
"""

import argparse
import base64
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile


def sha256(data):
    return hashlib.sha256(data).digest()


class Tree:
    """RFC 6962: the perfect subtrees so far, largest first, as (leaves, root)."""

    def __init__(self):
        self.size = 0
        self.subtrees = []

    def add(self, record):
        leaves, root = 1, sha256(b"\x00" + record)
        while self.subtrees and self.subtrees[-1][0] == leaves:
            root = sha256(b"\x01" + self.subtrees.pop()[1] + root)
            leaves *= 2
        self.subtrees.append((leaves, root))
        self.size += 1

    def root(self):
        root = None
        for _, subtree in reversed(self.subtrees):
            root = subtree if root is None else sha256(b"\x01" + subtree + root)
        return sha256(b"") if root is None else root

    def line(self):
        return " ".join([str(self.size)] + [base64.b64encode(root).decode() for _, root in self.subtrees])


class Key:
    """A verifier key: <name>+<key id>+<base64 of 0x01 and the public key>."""

    def __init__(self, vkey, folder):
        self.name, key_id, encoded = vkey.strip().split("+", 2)
        typed = base64.b64decode(encoded, validate=True)
        self.key_id = bytes.fromhex(key_id)
        if len(typed) != 33 or typed[0] != 1:
            raise ValueError("vkey is not an Ed25519 key")
        if sha256(self.name.encode() + b"\n" + typed)[:4] != self.key_id:
            raise ValueError("vkey has another key id than its key")
        self.pem, self.text, self.signature = (folder / name for name in ("key", "text", "signature"))
        der = bytes.fromhex("302a300506032b6570032100") + typed[1:]
        body = base64.b64encode(der).decode()
        self.pem.write_text(f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")

    def has_signed(self, text, line):
        dash, name, encoded = line.split(" ")
        signed = base64.b64decode(encoded, validate=True)
        if dash != "\u2014" or name != self.name or signed[:4] != self.key_id:
            return False
        self.text.write_text(text)
        self.signature.write_bytes(signed[4:])
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", self.pem, "-rawin", "-in", self.text]
        return subprocess.run([*command, "-sigfile", self.signature], capture_output=True).returncode == 0


def read_checkpoints(file, name):
    """The checkpoints of a file: text, signature line, size, root."""
    text = file.read_text() if file.exists() else ""
    while text:
        body, signature, text = text.split("\n\n", 2)
        origin, size, root = body.split("\n")
        if origin != name:
            raise ValueError(f"{file.name} has a checkpoint of {origin}")
        yield body + "\n", signature, int(size), base64.b64decode(root, validate=True)


def verify(folder, key, sample):
    problems = []
    tree = Tree()
    ranges = (folder / "ranges").read_text().splitlines() if (folder / "ranges").exists() else []
    checkpoints = []
    for segment in sorted(folder.glob("*.ndjson")):
        if tree.size > 0:
            if tree.line() not in ranges:
                problems.append(f"ranges has no line of record {tree.size}")
        if segment.stem != f"{tree.size:020}":
            problems.append(f"{segment.name} does not begin with record {tree.size}")
            break
        signed = list(read_checkpoints(segment.with_suffix(".checkpoints"), key.name))
        checkpoints += signed
        roots = {size: root for _, _, size, root in signed}
        with segment.open("rb") as lines:
            for line in lines:
                if json.loads(line).get("index") != tree.size:
                    problems.append(f"the line of record {tree.size} has another index")
                tree.add(line.removesuffix(b"\n"))
                if tree.size in roots and roots.pop(tree.size) != tree.root():
                    problems.append(f"the root of size {tree.size} is another")
        problems += [f"records before {size} are missing" for size in roots]
    sizes = [size for _, _, size, _ in checkpoints]
    if sizes != sorted(set(sizes)):
        problems.append("the sizes of the checkpoints do not ascend")
    step = 1 if sample is None else max(1, len(checkpoints) // sample)
    verified = checkpoints[::-step]
    for text, signature, size, _ in verified:
        if not key.has_signed(text, signature):
            problems.append(f"the signature of size {size} is wrong")
    return {
        "name": key.name,
        "records": tree.size,
        "checkpoints": len(checkpoints),
        "signed": max(sizes, default=0),
        "signatures": len(verified),
        "root": base64.b64encode(tree.root()).decode(),
        "problems": problems,
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--signatures", type=int)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        key = Key((arguments.folder / "vkey").read_text(), pathlib.Path(temporary))
        report = verify(arguments.folder, key, arguments.signatures)
    json.dump(report, sys.stdout)
    sys.exit(1 if report["problems"] else 0)


main()
