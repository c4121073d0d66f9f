package dev.outboxrelay.bench;

import dev.outboxrelay.receiver.LineConsumer;
import dev.outboxrelay.receiver.Receiver;
import dev.outboxrelay.receiver.ReceiverOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/** A receiver that acknowledges every line, and counts. */
final class Arrivals implements AutoCloseable {
  private final Receiver receiver;

  private Arrivals(Receiver receiver) {
    this.receiver = receiver;
  }

  /**
   * Starts to listen.
   *
   * @param consumer gets each line, on the receiver's thread
   */
  static Arrivals listen(LineConsumer consumer) throws IOException {
    return new Arrivals(Receiver.start(ReceiverOptions.DEFAULTS, consumer));
  }

  String uri() {
    return "tcp://127.0.0.1:" + receiver.port();
  }

  int port() {
    return receiver.port();
  }

  long count() {
    return receiver.received();
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
