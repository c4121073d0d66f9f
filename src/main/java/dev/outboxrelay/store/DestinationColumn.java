// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The columns of a read of destinations, in their order: the statement asks for them, and its
 * reader takes them. Durations are in milliseconds.
 */
enum DestinationColumn {
  ID("id"),
  NAME("name"),
  DOORBELL("doorbell"),
  URI("uri"),
  FORMAT("format"),
  FRAMING("framing"),
  ACK("ack"),
  ORDERING("ordering"),
  MAX_ATTEMPTS("max_attempts"),
  ON_FAILURE("on_failure"),
  MAX_IN_FLIGHT("max_in_flight"),
  PAUSED("paused"),
  OPTIONS("options::text"),
  RETRY_INITIAL(millis("retry_initial")),
  RETRY_MAX(millis("retry_max")),
  ACK_TIMEOUT(millis("ack_timeout")),
  CONNECT_TIMEOUT(millis("connect_timeout")),
  KEEP_DELIVERED(millis("keep_delivered")),
  FAILURE_BUDGET("failure_budget"),
  FAILURE_BUDGET_ANSWERS("failure_budget_answers"),
  MAX_RATE("max_rate"),
  HELD_KEYS(
      "array(select h.source || ' ' || h.gate from outbox.held_key h where h.destination = name)");

  private final String expression;

  DestinationColumn(String expression) {
    this.expression = expression;
  }

  private static String millis(String interval) {
    return "extract(epoch from " + interval + ") * 1000";
  }

  /** All, for a statement. */
  static String list() {
    return Arrays.stream(values()).map(c -> c.expression).collect(Collectors.joining(", "));
  }

  /** The number by which a result has it. */
  int at() {
    return ordinal() + 1;
  }
}
