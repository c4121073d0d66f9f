// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.broker;

import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Format;
import dev.outboxrelay.values.Destination.Framing;

/** Settings that do not go together with a broker. */
public final class BrokerSettings {
  private BrokerSettings() {}

  /**
   * The table refuses these when they are saved; a restored one may hold them all the same.
   *
   * @param binary CloudEvents in binary mode
   */
  public static void check(Destination destination, boolean binary) {
    if (destination.framing() != Framing.NDJSON || destination.ack() != Ack.LINE) {
      throw new IllegalArgumentException(
          "framing and ack stay as they are by default: the broker's answer acknowledges");
    }
    if (binary && destination.format() != Format.CLOUDEVENTS) {
      throw new IllegalArgumentException(
          "cloudevents_mode 'binary' needs the format 'cloudevents'");
    }
  }
}
