// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import dev.outboxrelay.values.Destination.Framing;
import dev.outboxrelay.values.Message;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;

/**
 * Messages on their way out, framed and cut into buffers of bounded size.
 *
 * <p>A buffer is only made when the socket can take it, so that a slow receiver costs no memory
 * beyond the bodies, which the relay bounds, however large one of them is.
 */
final class Outgoing {

  static final int MAX_BUFFER_BYTES = 256 * 1024;

  private final Framing framing;
  private final ArrayDeque<Message> queue = new ArrayDeque<>();

  /** How much of the first message's body is in earlier buffers; -1 before its header. */
  private int bodyOffset = -1;

  private long pendingBytes;

  Outgoing(Framing framing) {
    this.framing = framing;
  }

  void add(List<Message> messages) {
    for (Message message : messages) {
      add(message);
    }
  }

  void add(Message message) {
    queue.add(message);
    pendingBytes += message.body().length + 4L;
  }

  boolean isEmpty() {
    return queue.isEmpty();
  }

  /** How many messages are not wholly in buffers yet. */
  int count() {
    return queue.size();
  }

  /**
   * The next bytes of the stream.
   *
   * @param ended gets the messages whose last byte is in this buffer
   * @return the caller's to release
   */
  ByteBuf next(ByteBufAllocator allocator, Consumer<Message> ended) {
    ByteBuf buffer = allocator.directBuffer((int) Math.min(MAX_BUFFER_BYTES, pendingBytes));
    while (!queue.isEmpty() && room(buffer) > 4) {
      Message message = queue.peek();
      if (bodyOffset < 0) {
        bodyOffset = 0;
        if (framing == Framing.LENGTH) {
          buffer.writeInt(message.body().length);
        }
      }
      int bytes = Math.min(room(buffer) - 1, message.body().length - bodyOffset);
      buffer.writeBytes(message.body(), bodyOffset, bytes);
      bodyOffset += bytes;
      if (bodyOffset == message.body().length) {
        if (framing == Framing.NDJSON) {
          buffer.writeByte('\n');
        }
        queue.remove();
        pendingBytes -= message.body().length + 4L;
        bodyOffset = -1;
        ended.accept(message);
      }
    }
    return buffer;
  }

  private static int room(ByteBuf buffer) {
    return MAX_BUFFER_BYTES - buffer.writerIndex();
  }
}
