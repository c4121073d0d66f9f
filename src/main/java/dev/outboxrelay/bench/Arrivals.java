// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.outboxrelay.receiver.LineConsumer;
import dev.outboxrelay.receiver.Receiver;
import dev.outboxrelay.receiver.ReceiverOptions;
import dev.outboxrelay.values.WireId;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.BitSet;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A receiver of one database's messages that acknowledges every line, and counts. None may come
 * twice: what is lost would be hidden by it.
 */
final class Arrivals implements AutoCloseable {
  private static final byte[] START = "{\"id\":\"".getBytes(US_ASCII);

  private final Receiver receiver;

  /** Of the receiver's thread. */
  private final BitSet ids = new BitSet();

  private volatile @Nullable String fault;

  /** Counted once the consumer is through with them. */
  private final AtomicLong consumed = new AtomicLong();

  private volatile boolean firstExpected;
  private volatile long firstNanos;

  private Arrivals(LineConsumer consumer) throws IOException {
    receiver =
        Receiver.start(
            ReceiverOptions.DEFAULTS,
            line -> {
              if (firstExpected) {
                firstNanos = System.nanoTime();
                firstExpected = false;
              }
              note(line);
              consumer.line(line);
              consumed.incrementAndGet();
            });
  }

  /**
   * Starts to listen.
   *
   * @param consumer gets each line, on the receiver's thread
   */
  static Arrivals listen(LineConsumer consumer) throws IOException {
    return new Arrivals(consumer);
  }

  String uri() {
    return "tcp://127.0.0.1:" + receiver.port();
  }

  int port() {
    return receiver.port();
  }

  /**
   * How many have come.
   *
   * @throws IllegalStateException when one of them came twice, or is none of the relay's
   */
  long count() {
    String found = fault;
    if (found != null) {
      throw new IllegalStateException(found);
    }
    return consumed.get();
  }

  private void note(byte[] line) {
    long id = 0;
    int at = START.length;
    boolean known = Arrays.mismatch(line, START) == at;
    for (; known && line[at] != WireId.SEPARATOR; at++) {
      id = id * 10 + line[at] - '0';
      known = id <= Integer.MAX_VALUE && at + 1 < line.length;
    }
    if (!known || ids.get((int) id)) {
      fault = (known ? "a message came twice: " : "not a message: ") + new String(line, UTF_8);
      return;
    }
    ids.set((int) id);
  }

  /** Takes the time of the next line. */
  void expectFirst() {
    firstExpected = true;
  }

  /** When the first line came since it was expected. */
  long firstNanos() {
    return firstNanos;
  }

  /** Waits until so many have come in all, at most for {@code atMost} without a new one. */
  void await(long total, Duration atMost) throws TimeoutException, InterruptedException {
    Patience patience = new Patience(atMost);
    for (long seen = count(); seen < total; seen = count()) {
      patience.await(seen, "message " + total + " has not come, " + seen + " have");
    }
  }

  @Override
  public void close() {
    receiver.close();
  }
}
