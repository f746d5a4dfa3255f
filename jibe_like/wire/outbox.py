"""Frames on their way to the browsers of one session: numbered, kept until acknowledged, replayed, bounded."""


class Frame:
    """A numbered frame. The connections named in `own` get that instead of `text`. None: nothing."""

    __slots__ = ("own", "seq", "size", "text")

    def __init__(self, seq: int, text: bytes | None, own: dict[str, bytes | None] | None = None) -> None:
        self.seq = seq
        self.text = text
        self.own = own
        self.size = len(text or b"")
        """Bytes of all its texts."""
        if own is not None:
            self.size += sum(len(each or b"") for each in own.values())

    def for_connection(self, connection_id: str) -> bytes | None:
        return self.text if self.own is None else self.own.get(connection_id, self.text)


class Outbox:
    """The frames that some connection may still lack.

    :param most_frames: frames kept at the most.
    :param most_bytes: bytes kept at the most.
    """

    __slots__ = ("_bytes", "_frames", "most_bytes", "most_frames", "seq")

    def __init__(self, most_frames: int, most_bytes: int) -> None:
        self.most_frames = most_frames
        self.most_bytes = most_bytes
        self.seq = 0
        """Number of the newest frame."""
        self._frames: list[Frame] = []  # short as a rule, where a deque takes ten times the memory
        self._bytes = 0

    def add(self, frame: Frame) -> None:
        """Keeps a frame, numbered `seq + 1`; beyond the bounds the oldest are forgotten."""
        assert frame.seq == self.seq + 1, f"frame {frame.seq} after {self.seq}"
        self.seq = frame.seq
        self._frames.append(frame)
        self._bytes += frame.size
        while self._frames and (len(self._frames) > self.most_frames or self._bytes > self.most_bytes):
            self._bytes -= self._frames.pop(0).size

    def skip_to(self, seq: int) -> None:
        """The next frame is numbered above `seq`, and none before it is replayed. A lower number changes nothing."""
        if seq > self.seq:
            self.seq = seq
            self._frames.clear()
            self._bytes = 0

    def acknowledged(self, seq: int) -> None:
        """Every connection has the frames up to `seq`."""
        while self._frames and self._frames[0].seq <= seq:
            self._bytes -= self._frames.pop(0).size

    def after(self, seq: int, connection_id: str) -> list[bytes] | None:
        """What a connection that has `seq` lacks, in order; None where that is no longer known."""
        if seq == self.seq:
            return []
        if seq > self.seq or not self._frames or self._frames[0].seq > seq + 1:
            return None
        texts = (frame.for_connection(connection_id) for frame in self._frames if frame.seq > seq)
        return [text for text in texts if text is not None]

    def __len__(self) -> int:
        return len(self._frames)
