"""Tiny media: what the vendor's files hold, as little of it as players and parsers accept.

A slice is an MPEG transport stream with its tables and a dozen silent audio frames, an MP4 an empty film.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

PACKET = 188
PAT_PID, PMT_PID, AUDIO_PID = 0x0000, 0x1000, 0x0101
AAC_IN_ADTS = 0x0F  # stream type (ISO 13818-1, table 2-34)
SILENCE = bytes.fromhex("00c800802380")  # one AAC-LC frame, mono, 44.1 kHz
TICKS = 90_000  # of a transport stream's clock, in a second
FRAMES = 12  # fewer packets are too few for players to tell that it is a transport stream


def slice_of(index: int, seconds: float) -> bytes:
    """A transport stream that begins ``index * seconds`` into the recording: 14 packets, 2632 bytes."""
    begins = index * seconds
    stamps = (int((begins + seconds * frame / FRAMES) * TICKS) & 0x1FFFFFFFF for frame in range(FRAMES))
    frames = b"".join(_audio(index * FRAMES + number, stamp) for number, stamp in enumerate(stamps))
    return _table(PAT_PID, index, _pat()) + _table(PMT_PID, index, _pmt()) + frames


def mp4(seconds: float) -> bytes:
    """A file type, a header without tracks, no media."""
    brand = _box(b"ftyp", b"isom" + struct.pack(">I", 0x200) + b"isomiso2mp41")
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    header = struct.pack(">IIIII", 0, 0, 0, 1000, int(seconds * 1000))
    header += struct.pack(">IH10x", 0x10000, 0x100) + matrix + bytes(24) + struct.pack(">I", 1)
    return brand + _box(b"moov", _box(b"mvhd", header)) + _box(b"mdat", b"")


def playlist(
    names: Sequence[str], seconds: Sequence[float], tracks: Sequence[str], began: str, ended: bool
) -> str:
    """An index in the vendor's dialect (facts 8.2): EXTINF without a comma, lines of its own."""
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-ALLOW-CACHE:YES",
        f"#EXT-X-TARGETDURATION:{int(max(seconds, default=0)) + 1}",
        *(f"#EXT-X-AGORA-TRACK-EVENT:EVENT=START,TRACK_TYPE={track},TIME={began}" for track in tracks),
    ]
    for name, duration in zip(names, seconds, strict=True):
        lines += [f"#EXTINF:{duration:.6f}", name.rpartition("/")[2]]
    return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if ended else []), ""])


def _table(pid: int, counter: int, section: bytes) -> bytes:
    """One packet with one section of tables, the rest stuffed."""
    header = struct.pack(">BHB", 0x47, 0x4000 | pid, 0x10 | counter & 0x0F)
    return (header + b"\x00" + section).ljust(PACKET, b"\xff")


def _pat() -> bytes:
    return _section(0x00, struct.pack(">HBBBHH", 1, 0xC1, 0, 0, 1, 0xE000 | PMT_PID))


def _pmt() -> bytes:
    stream = struct.pack(">BHH", AAC_IN_ADTS, 0xE000 | AUDIO_PID, 0xF000)
    return _section(0x02, struct.pack(">HBBBHH", 1, 0xC1, 0, 0, 0xE000 | AUDIO_PID, 0xF000) + stream)


def _section(table: int, body: bytes) -> bytes:
    head = struct.pack(">BH", table, 0xB000 | len(body) + 4)
    return head + body + struct.pack(">I", _crc(head + body))


def _crc(data: bytes) -> int:
    """CRC-32/MPEG-2."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1) & 0xFFFFFFFF
    return crc


def _audio(counter: int, stamp: int) -> bytes:
    """One packet with one silent frame; an adaptation field with the clock fills it up."""
    frame = _adts(SILENCE)
    pes = b"\x00\x00\x01\xc0" + struct.pack(">H", 8 + len(frame)) + b"\x80\x80\x05" + _pts(stamp) + frame
    header = struct.pack(">BHB", 0x47, 0x4000 | AUDIO_PID, 0x30 | counter & 0x0F)
    room = PACKET - len(header) - len(pes)
    clock = bytes([room - 1, 0x10]) + (stamp << 15 | 0x7E00).to_bytes(6, "big")
    return header + clock.ljust(room, b"\xff") + pes


def _pts(stamp: int) -> bytes:
    return struct.pack(">BHH", 0x21 | stamp >> 29 & 0x0E, stamp >> 14 & 0xFFFE | 1, stamp << 1 & 0xFFFE | 1)


def _adts(frame: bytes) -> bytes:
    """MPEG-4 AAC-LC, 44.1 kHz, one channel, no CRC."""
    length = len(frame) + 7
    head = 0xFFF1 << 40 | 0x50 << 32 | (0x40 | length >> 11) << 24 | (length >> 3 & 0xFF) << 16
    return (head | (length & 7) << 13 | 0x1FFC).to_bytes(7, "big") + frame


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body
