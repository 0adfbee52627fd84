"""Attachments are read as streams; what is broken, hostile or no text is named and left out."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from agents.errors import Cancelled
from agents.logs.read import Caps, Member, Skipped, members
from agents.report import Attachment

TEXT = b"2024-03-05 14:02:03 INFO up\n" * 50


@pytest.fixture
def attach(tmp_path: Path) -> Callable[[str, bytes], Attachment]:
    def attached(name: str, data: bytes) -> Attachment:
        path = tmp_path / f"upload-{len(list(tmp_path.iterdir()))}"
        path.write_bytes(data)
        return Attachment(name=name, path=str(path), size=len(data))

    return attached


Attach = Callable[[str, bytes], Attachment]


def read_all(*attachments: Attachment, caps: Caps | None = None) -> dict[str, bytes | str]:
    """{name: text, or the reason why it was skipped}"""
    found: dict[str, bytes | str] = {}
    for member in members(attachments, caps=caps):
        found[member.name] = member.reason if isinstance(member, Skipped) else b"".join(member.blocks())
    return found


def tarred(files: dict[str, bytes], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("app.log", TEXT),
        ("app.log.gz", gzip.compress(TEXT)),
        ("app.log.xz", lzma.compress(TEXT)),
        ("app.log.bz2", bz2.compress(TEXT)),
        ("app.log.zst", zstandard.compress(TEXT)),
    ],
)
def test_a_file_reads_the_same_however_it_is_compressed(attach: Attach, name: str, data: bytes) -> None:
    assert read_all(attach(name, data)) == {"app.log": TEXT}


def test_archives_in_archives_are_opened_and_named_by_their_way(attach: Attach) -> None:
    inner = zipped({"old/app.log.1.gz": gzip.compress(TEXT)})
    bundle = tarred({"var/log/app.log": TEXT, "var/more.zip": inner}, "w:gz")
    assert read_all(attach("bundle.tgz", bundle)) == {
        "bundle.tar!var/log/app.log": TEXT,
        "bundle.tar!var/more.zip!old/app.log.1": TEXT,
    }


def test_joined_gzip_streams_are_read_to_the_end(attach: Attach) -> None:
    assert read_all(attach("a.gz", gzip.compress(TEXT) + gzip.compress(b"more\n"))) == {"a": TEXT + b"more\n"}


def test_utf16_and_byte_order_marks_come_out_as_utf8(attach: Attach) -> None:
    text = "Zürich läuft\r\n" * 20
    found = read_all(attach("a.log", text.encode("utf-16")), attach("b.log", b"\xef\xbb\xbf" + text.encode()))
    assert found == {"a.log": text.encode(), "b.log": text.encode()}


def test_binary_and_empty_files_are_named(attach: Attach) -> None:
    found = read_all(attach("core", bytes(range(256)) * 40), attach("none.log", b""))
    assert found == {"core": "a binary file, not a log", "none.log": "empty"}


def test_a_cut_off_archive_gives_what_it_has(attach: Attach) -> None:
    whole = gzip.compress(b"".join(b"line %d of many, all different\n" % n for n in range(200_000)))
    (member,) = members([attach("a.gz", whole[: len(whole) // 2])])
    assert isinstance(member, Member)
    assert b"".join(member.blocks()).startswith(b"line 0 of many")
    assert "damaged" in member.cut


def test_a_bomb_is_stopped_by_its_ratio(attach: Attach) -> None:
    bomb = gzip.compress(b"\n" * (80 << 20))
    (member,) = members([attach("bomb.gz", bomb)], caps=Caps(ratio=100, ratio_floor=1 << 20))
    assert isinstance(member, Member)
    assert sum(len(block) for block in member.blocks()) < 16 << 20
    assert "unpacks to more than 100 times its size" in member.cut


def test_links_and_devices_of_a_tar_are_not_followed(attach: Attach, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        link = tarfile.TarInfo("../../etc/passwd")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    found = read_all(attach("evil.tar", buffer.getvalue()))
    assert found == {"evil.tar!../../etc/passwd": "not a plain file (link, device or sparse)"}


def test_too_many_members_are_refused_before_the_directory_is_read(attach: Attach) -> None:
    data = zipped({f"{n}.log": b"x\n" for n in range(300)})
    assert read_all(attach("many.zip", data), caps=Caps(members=100)) == {
        "many.zip": "the zip lists 300 files; at most 100 are read"
    }


def test_an_archive_too_deep_is_left_closed(attach: Attach) -> None:
    data = TEXT
    for _ in range(9):
        data = gzip.compress(data)
    (reason,) = read_all(attach("deep", data)).values()
    assert reason == "packed more than 6 layers deep"


def test_names_are_made_fit_to_show(attach: Attach) -> None:
    (name,) = read_all(attach("a\u202egol.\x00exe" + "x" * 400, TEXT))
    assert len(name) < 200
    assert not any(sign in name for sign in "\u202e\x00")


def test_a_damaged_zip_is_named_not_raised(attach: Attach) -> None:
    (reason,) = read_all(attach("a.zip", zipped({"a.log": TEXT})[:60])).values()
    assert "cannot be read" in str(reason)


def test_reading_can_be_stopped(attach: Attach) -> None:
    def stop() -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        list(members([attach("a.log", TEXT)], check=stop))
