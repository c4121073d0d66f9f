// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/** When each numbered message was committed, and when it was received; one clock for both. */
final class Latencies {
  private static final byte[] FIELD = "\"new\":{\"id\":".getBytes(StandardCharsets.US_ASCII);

  private final AtomicLongArray committedNanos;
  private final AtomicLongArray receivedNanos;
  private final AtomicInteger received = new AtomicInteger();
  private final AtomicInteger repeated = new AtomicInteger();

  Latencies(int messages) {
    committedNanos = new AtomicLongArray(messages + 1);
    receivedNanos = new AtomicLongArray(messages + 1);
  }

  /** The server has said that the message is committed. */
  void committed(int number) {
    committedNanos.set(number, System.nanoTime());
  }

  /** A line has come; the number is the new row's id, from 1. A second coming does not count. */
  void received(byte[] line) {
    long now = System.nanoTime();
    int number = number(line);
    if (number <= 0 || number >= receivedNanos.length()) {
      return;
    }
    if (receivedNanos.compareAndSet(number, 0, now)) {
      received.incrementAndGet();
    } else {
      repeated.incrementAndGet();
    }
  }

  /** Waits until all have come, at most for {@code atMost} without a new one. */
  void await(Duration atMost) throws TimeoutException, InterruptedException {
    Patience patience = new Patience(atMost);
    int total = receivedNanos.length() - 1;
    for (int seen = received.get(); seen < total; seen = received.get()) {
      patience.await(seen, (total - seen) + " of " + total + " messages have not come");
    }
  }

  /** Fails when a message has come again. */
  void requireOnce() {
    if (repeated.get() > 0) {
      throw new IllegalStateException(repeated.get() + " messages came twice");
    }
  }

  private static int number(byte[] line) {
    int at = indexOf(line);
    int number = 0;
    for (; at >= 0 && at < line.length && line[at] >= '0' && line[at] <= '9'; at++) {
      number = number * 10 + line[at] - '0';
    }
    return number;
  }

  /** Where the number begins, -1 without one. */
  private static int indexOf(byte[] line) {
    for (int start = 0; start + FIELD.length <= line.length; start++) {
      if (Arrays.equals(line, start, start + FIELD.length, FIELD, 0, FIELD.length)) {
        return start + FIELD.length;
      }
    }
    return -1;
  }

  /** The latencies of all messages, which must have come. */
  Percentiles percentiles() {
    long[] nanos = new long[committedNanos.length() - 1];
    for (int number = 1; number < committedNanos.length(); number++) {
      if (committedNanos.get(number) == 0 || receivedNanos.get(number) == 0) {
        throw new IllegalStateException("message " + number + " was not committed or has not come");
      }
      nanos[number - 1] = receivedNanos.get(number) - committedNanos.get(number);
    }
    return new Percentiles(nanos);
  }
}
