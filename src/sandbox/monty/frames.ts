/** Frames of the runtime's pipe: a length of four bytes, little-endian, then that many bytes. */

/** A longer frame is a fault of the process. */
export const MAX_FRAME_BYTES = 128 * 1024 * 1024;

const HEADER_BYTES = 4;

/** Puts the length before a message. */
export function frame(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + message.length);
  bytes.writeUInt32LE(message.length);
  bytes.set(message, HEADER_BYTES);
  return bytes;
}

/**
 * Cuts a stream of chunks into messages. Chunks are joined once for each message, never anew for
 * each chunk: a large message costs time linear in its size.
 */
export class FrameReader {
  private chunks: Buffer[] = [];
  private buffered = 0;
  /** Length of the message being read; undefined while its header is. */
  private wanted: number | undefined;

  /**
   * Takes a chunk and gives the messages that it completes. They may share memory with the chunk.
   *
   * @throws RangeError when a frame is longer than MAX_FRAME_BYTES.
   */
  *push(chunk: Buffer): Generator<Buffer> {
    this.chunks.push(chunk);
    this.buffered += chunk.length;
    for (;;) {
      if (this.wanted === undefined) {
        if (this.buffered < HEADER_BYTES) return;
        this.wanted = this.take(HEADER_BYTES).readUInt32LE();
        if (this.wanted > MAX_FRAME_BYTES) throw new RangeError(`a frame of ${this.wanted} bytes`);
      }
      if (this.buffered < this.wanted) return;
      const message = this.take(this.wanted);
      this.wanted = undefined;
      yield message;
    }
  }

  private take(count: number): Buffer {
    const first = this.chunks[0];
    const joined =
      this.chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.chunks, this.buffered);
    this.chunks = joined.length === count ? [] : [joined.subarray(count)];
    this.buffered -= count;
    return joined.subarray(0, count);
  }
}
