package dev.outboxrelay.bench;

import dev.outboxrelay.receiver.LineConsumer;
import dev.outboxrelay.receiver.Receiver;
import dev.outboxrelay.receiver.ReceiverOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/** A receiver that acknowledges every line, and counts. */
final class Arrivals implements AutoCloseable {
  private final Receiver receiver;

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

  long count() {
    return consumed.get();
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
