// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;

/** Gets what a {@link Receiver} receives. Called on the receiver's one thread. */
public interface LineConsumer {

  /**
   * A message arrived; it is answered after {@link #readComplete} returns.
   *
   * @param line the message as it came, without framing; the consumer's to keep
   */
  void line(byte[] line);

  /** What could be read at once has been consumed, and is answered after this returns. */
  default void readComplete() {}

  /** Writes each message and a line break. */
  static LineConsumer to(OutputStream stream) {
    OutputStream out = new BufferedOutputStream(stream, 64 * 1024);
    return new LineConsumer() {
      @Override
      public void line(byte[] line) {
        try {
          out.write(line);
          out.write('\n');
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }

      @Override
      public void readComplete() {
        try {
          out.flush();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    };
  }
}
