// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.values;

import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A row of {@code outbox.destination}: where messages go and how. The database has already refused
 * nonsense; this record refuses it again, since a restored or hand-edited database may hold
 * anything.
 *
 * @param id the row's number; {@code doorbell} is derived from it
 * @param name unique; messages refer to it
 * @param doorbell 0 to 63: the advisory lock by which writers see whether a relay sleeps, and the
 *     unit in which destinations are shared out among relays
 * @param uri {@code tcp://host:port} or {@code tls://host:port}
 * @param options further per-destination options as JSON text (TLS files and the like), {@code {}}
 *     by default
 * @param maxAttempts attempts after which a message is set aside as {@code failed}
 * @param retryInitial the first backoff after a refused message
 * @param retryMax the longest backoff
 * @param ackTimeout how long a sent message may stay unanswered
 * @param connectTimeout how long one connection attempt may take
 * @param maxInFlight how many messages may be sent and unanswered at once
 * @param keepDelivered how long delivered rows stay in the table, null to delete on delivery
 * @param brakes what slows it down, or stops it
 * @param paused nothing is sent while true
 */
public record Destination(
    int id,
    String name,
    int doorbell,
    String uri,
    Format format,
    Framing framing,
    Ack ack,
    Ordering ordering,
    int maxAttempts,
    Duration retryInitial,
    Duration retryMax,
    Duration ackTimeout,
    Duration connectTimeout,
    int maxInFlight,
    OnFailure onFailure,
    @Nullable Duration keepDelivered,
    Brakes brakes,
    boolean paused,
    String options) {

  /** How a message is written. */
  public enum Format {
    CHANGE,
    TD,
    CLOUDEVENTS,
    DEBEZIUM,
    PAYLOAD
  }

  /** How messages are told apart on the wire. */
  public enum Framing {
    NDJSON,
    LENGTH,
    RAW
  }

  /** What counts as the receiver's acknowledgement. */
  public enum Ack {
    LINE,
    CLOSE,
    NONE
  }

  /** Whether messages of one key wait for each other. */
  public enum Ordering {
    KEY,
    NONE
  }

  /** What happens to a key's later messages once one of its messages has failed for good. */
  public enum OnFailure {
    SKIP,
    HOLD
  }

  /**
   * What slows a destination down, or stops it.
   *
   * @param failureBudget null: whatever it refuses, it is sent more
   * @param maxRate so many messages a second; null: as many as it takes
   * @param heldKeys keys that a person holds: their messages wait in the table
   */
  public record Brakes(
      @Nullable FailureBudget failureBudget, @Nullable Integer maxRate, Set<Gate> heldKeys) {
    public static final Brakes NONE = new Brakes(null, null, Set.of());

    public Brakes {
      heldKeys = Set.copyOf(heldKeys);
      if (maxRate != null && maxRate < 1) {
        throw new IllegalArgumentException("max_rate is " + maxRate + ", need 1 or more");
      }
    }
  }

  /**
   * How much may be refused.
   *
   * @param share of the last answers
   * @param answers how many these are
   */
  public record FailureBudget(double share, int answers) {
    private static final double ROUNDING = 1e-9;

    public FailureBudget {
      if (!(share >= 0 && share < 1)) {
        throw new IllegalArgumentException(
            "failure_budget is " + share + ", need 0 or more and less than 1");
      }
      if (answers < 20 || answers > 10_000) {
        throw new IllegalArgumentException(
            "failure_budget_answers is " + answers + ", need 20 to 10000");
      }
    }

    /** So many of the last answers may be refusals. */
    public int most() {
      return (int) Math.floor(share * answers + ROUNDING);
    }
  }

  public Destination {
    if (maxAttempts < 1) {
      throw new IllegalArgumentException(
          "destination " + name + ": max_attempts is " + maxAttempts + ", need 1 or more");
    }
    if (maxInFlight < 1) {
      throw new IllegalArgumentException(
          "destination " + name + ": max_in_flight is " + maxInFlight + ", need 1 or more");
    }
  }
}
