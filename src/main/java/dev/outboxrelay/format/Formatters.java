// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.format;

import dev.outboxrelay.values.Destination;

/** Finds the formatter of a destination's {@code format}. */
public final class Formatters {

  private static final Formatter CHANGE = new ChangeFormatter();
  private static final Formatter TD = new TdFormatter();
  private static final Formatter CLOUDEVENTS = new CloudEventsFormatter();
  private static final Formatter DEBEZIUM = new DebeziumFormatter();
  private static final Formatter PAYLOAD = new PayloadFormatter();

  private Formatters() {}

  /** The formatter for a format; formatters are stateless and shared by all threads. */
  public static Formatter of(Destination.Format format) {
    return switch (format) {
      case CHANGE -> CHANGE;
      case TD -> TD;
      case CLOUDEVENTS -> CLOUDEVENTS;
      case DEBEZIUM -> DEBEZIUM;
      case PAYLOAD -> PAYLOAD;
    };
  }
}
