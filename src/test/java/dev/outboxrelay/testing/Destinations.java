// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Brakes;
import dev.outboxrelay.values.Destination.Format;
import dev.outboxrelay.values.Destination.Framing;
import dev.outboxrelay.values.Destination.OnFailure;
import dev.outboxrelay.values.Destination.Ordering;
import java.time.Duration;
import java.util.Locale;

/** Destinations for tests that have no database. */
public final class Destinations {

  /** The table's default: what judges a time of its own names a shorter one. */
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

  private Destinations() {}

  public static Destination at(int port) {
    return at("tcp://127.0.0.1:" + port, Framing.NDJSON, Ack.LINE, "{}");
  }

  public static Destination at(String uri, Framing framing, Ack ack, String options) {
    return at(uri, framing, ack, CONNECT_TIMEOUT, 1000, options);
  }

  public static Destination withMaxInFlight(int port, int maxInFlight) {
    return at(
        "tcp://127.0.0.1:" + port, Framing.NDJSON, Ack.LINE, CONNECT_TIMEOUT, maxInFlight, "{}");
  }

  public static Destination at(String uri, Duration connectTimeout, String options) {
    return at(uri, Framing.NDJSON, Ack.LINE, connectTimeout, 1000, options);
  }

  public static Destination at(
      String uri, Framing framing, Ack ack, Duration connectTimeout, String options) {
    return at(uri, framing, ack, connectTimeout, 1000, options);
  }

  /** With words as the table has them. */
  public static Destination of(
      String uri, String format, String framing, String ack, String options) {
    return at(
        uri,
        Format.valueOf(format.toUpperCase(Locale.ROOT)),
        Framing.valueOf(framing.toUpperCase(Locale.ROOT)),
        Ack.valueOf(ack.toUpperCase(Locale.ROOT)),
        CONNECT_TIMEOUT,
        Duration.ofSeconds(30),
        1000,
        options);
  }

  /** With a time for answers. */
  public static Destination waiting(String uri, Duration ackTimeout, String options) {
    return at(
        uri,
        Format.CHANGE,
        Framing.NDJSON,
        Ack.LINE,
        Duration.ofSeconds(2),
        ackTimeout,
        1000,
        options);
  }

  /** In a format. */
  public static Destination in(Format format, String uri, String options) {
    return at(
        uri,
        format,
        Framing.NDJSON,
        Ack.LINE,
        Duration.ofSeconds(2),
        Duration.ofSeconds(30),
        1000,
        options);
  }

  private static Destination at(
      String uri,
      Framing framing,
      Ack ack,
      Duration connectTimeout,
      int maxInFlight,
      String options) {
    return at(
        uri,
        Format.CHANGE,
        framing,
        ack,
        connectTimeout,
        Duration.ofSeconds(30),
        maxInFlight,
        options);
  }

  private static Destination at(
      String uri,
      Format format,
      Framing framing,
      Ack ack,
      Duration connectTimeout,
      Duration ackTimeout,
      int maxInFlight,
      String options) {
    return new Destination(
        1,
        "test",
        1,
        uri,
        format,
        framing,
        ack,
        Ordering.KEY,
        10,
        Duration.ofSeconds(1),
        Duration.ofMinutes(5),
        ackTimeout,
        connectTimeout,
        maxInFlight,
        OnFailure.SKIP,
        null,
        Brakes.NONE,
        false,
        options);
  }
}
