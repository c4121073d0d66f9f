// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import dev.outboxrelay.format.Formatters;
import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.Secrets;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.sink.all.Transports;
import dev.outboxrelay.values.Change;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Label;
import dev.outboxrelay.values.Message;
import dev.outboxrelay.values.WireId;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends one message that is in no table to a destination, as a relay would, and tells what came
 * back. It goes from this machine, which may reach other addresses than the relay's. The message is
 * one of {@code outbox.publish}, of type {@code outbox_probe} and the number 0, which no row has.
 */
public final class Probe {
  private static final byte[] PAYLOAD =
      "{\"probe\":\"outbox-relay\"}".getBytes(StandardCharsets.UTF_8);

  private final Session session;
  private final Secrets secrets;

  public Probe(Session session) {
    this(session, Secrets.NONE);
  }

  /**
   * @param secrets what the destination's options name
   */
  public Probe(Session session, Secrets secrets) {
    this.session = session;
    this.secrets = secrets;
  }

  /** How it went. */
  public enum Result {
    /** The receiver acknowledged the message. */
    ACKNOWLEDGED,
    /** The receiver said no. */
    REFUSED,
    /** No connection, or none that TLS is content with. */
    UNREACHABLE,
    /** A connection, and no answer in time. */
    NO_ANSWER,
    /** A connection that ended without the answer. */
    CLOSED,
    /** A connection, and nothing was sent, as was asked. */
    CONNECTED,
    /** Handed to the kernel: this destination never answers. */
    SENT
  }

  /**
   * What came back.
   *
   * @param id the message's, null when none was sent
   * @param words the receiver's, or what was wrong; empty when there is nothing to say
   * @param connected how long the connection took, null when there was none
   * @param answered how long the answer took from then on, null when there was none
   */
  public record Outcome(
      Result result,
      @Nullable String id,
      String words,
      @Nullable Duration connected,
      @Nullable Duration answered) {

    /** Whether the destination could be delivered to. */
    public boolean isGood() {
      return result == Result.ACKNOWLEDGED || result == Result.CONNECTED || result == Result.SENT;
    }
  }

  /**
   * Sends one.
   *
   * @param row the destination's, of {@link Destinations#list}
   * @param connectOnly whether to send nothing
   */
  public Outcome send(Row row, boolean connectOnly) throws SQLException, InterruptedException {
    Destination destination = Destinations.destination(row);
    long epoch = new Destinations(session).epoch(destination.name());
    try (Transport transport = Transports.open(1, AddressPolicy.ANY, secrets)) {
      return new Attempt(destination).run(transport, connectOnly ? null : message(row, epoch));
    }
  }

  private static Message message(Row row, long epoch) {
    Destination destination = Destinations.destination(row);
    long micros = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    Change change =
        new Change(
            0,
            destination.name(),
            null,
            "message",
            null,
            null,
            "0",
            micros,
            "outbox_probe",
            null,
            PAYLOAD,
            null,
            0,
            epoch);
    byte[] body = Formatters.of(destination.format()).format(change);
    return new Message(
        0,
        WireId.stamp(micros),
        1,
        destination.name(),
        null,
        false,
        false,
        false,
        0,
        body,
        body.length,
        false,
        null,
        Label.of(change));
  }

  /** One connection. The transport's thread tells, the command's waits; the monitor guards all. */
  private static final class Attempt implements SinkListener {
    private final Destination destination;
    private final long begunNanos = System.nanoTime();
    private @Nullable Duration connected;
    private @Nullable Answer answer;
    private boolean closed;
    private String reason = "";

    Attempt(Destination destination) {
      this.destination = destination;
    }

    Outcome run(Transport transport, @Nullable Message message) throws InterruptedException {
      Sink sink = transport.connect(destination, this);
      try {
        await(destination.connectTimeout().plusSeconds(1), this::isConnectedOrClosed);
        Duration took = connection();
        if (took == null) {
          return new Outcome(Result.UNREACHABLE, null, said("no connection"), null, null);
        }
        if (message == null) {
          return new Outcome(Result.CONNECTED, null, "", took, null);
        }
        long sentNanos = System.nanoTime();
        sink.send(List.of(message));
        boolean came = await(destination.ackTimeout(), this::isAnsweredOrClosed);
        Duration waited = Duration.ofNanos(System.nanoTime() - sentNanos);
        return outcome(message.wireId().toString(), took, waited, came);
      } finally {
        sink.close("probed");
      }
    }

    private synchronized Outcome outcome(String id, Duration took, Duration waited, boolean came) {
      if (answer instanceof Answer.Nacked no) {
        return new Outcome(Result.REFUSED, id, no.reason(), took, waited);
      }
      if (answer instanceof Answer.Deferred later) {
        return new Outcome(Result.REFUSED, id, later.reason(), took, waited);
      }
      if (answer instanceof Answer.Paused pause) {
        return new Outcome(Result.REFUSED, id, pause.reason(), took, waited);
      }
      if (answer != null) {
        Result good = destination.ack() == Ack.NONE ? Result.SENT : Result.ACKNOWLEDGED;
        return new Outcome(good, id, "", took, waited);
      }
      return new Outcome(came ? Result.CLOSED : Result.NO_ANSWER, id, reason, took, null);
    }

    private synchronized boolean isConnectedOrClosed() {
      return connected != null || closed;
    }

    private synchronized boolean isAnsweredOrClosed() {
      return answer != null || closed;
    }

    private synchronized @Nullable Duration connection() {
      return connected;
    }

    private synchronized String said(String otherwise) {
      return reason.isEmpty() ? otherwise : reason;
    }

    private synchronized boolean await(Duration time, BooleanSupplier condition)
        throws InterruptedException {
      long deadline = System.nanoTime() + time.toNanos();
      while (!condition.getAsBoolean()) {
        long millis = (deadline - System.nanoTime()) / 1_000_000;
        if (millis <= 0) {
          return false;
        }
        wait(millis);
      }
      return true;
    }

    @Override
    public synchronized void connected() {
      connected = Duration.ofNanos(System.nanoTime() - begunNanos);
      notifyAll();
    }

    @Override
    public synchronized void answered(List<Answer> answers) {
      answer = answers.get(0);
      notifyAll();
    }

    @Override
    public synchronized void closed(String reason, Fault fault) {
      closed = true;
      this.reason = reason;
      notifyAll();
    }
  }
}
