// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.WireId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What docs/reference/protocol.md says of messages as they follow each other: order, epochs,
 * repeats.
 */
final class DeliveryRules {

  private final boolean oneAtATime;
  private final Map<String, String> problems = new LinkedHashMap<>();

  /** Sent, and not acknowledged: by id. */
  private final Map<String, CheckedMessage> open = new HashMap<>();

  private final Map<String, String> openOfGate = new HashMap<>();

  /** The numbers of ids grow with the changes of a key, as long as no sequence goes back. */
  private final Map<String, Long> newestOfGate = new HashMap<>();

  private final Set<String> seen = new HashSet<>();

  /** On which connection a message was acknowledged. */
  private final Map<String, Integer> acknowledged = new HashMap<>();

  private long epoch;
  private int repeats;

  DeliveryRules(Ack ack) {
    this.oneAtATime = ack != Ack.NONE;
  }

  void arrived(CheckedMessage message) {
    if (message.id().isEmpty()) {
      return;
    }
    if (message.epoch() < epoch) {
      problem(RelayCheck.EPOCH, "epoch " + message.epoch() + " came after " + epoch);
    }
    epoch = Math.max(epoch, message.epoch());
    Integer settledOn = acknowledged.get(message.id());
    if (settledOn != null && settledOn == message.connection()) {
      problem(
          RelayCheck.ACKNOWLEDGED,
          "message " + message.id() + " came again on the connection that acknowledged it");
    }
    boolean first = seen.add(message.id());
    if (!first) {
      repeats++;
    }
    order(message, first);
    open.put(message.id(), message);
    if (!message.gate().isEmpty()) {
      openOfGate.put(message.gate(), message.id());
    }
  }

  private void order(CheckedMessage message, boolean first) {
    WireId parts = WireId.parse(message.id());
    long number = parts == null ? 0 : parts.id();
    String id = message.id();
    String gate = message.gate();
    if (first && !gate.isEmpty()) {
      Long newest = newestOfGate.put(gate, number);
      if (newest != null && newest > number) {
        problem(RelayCheck.KEY_ORDER, gate + ": " + id + " came after " + newest);
      }
    }
    if (!oneAtATime) {
      return;
    }
    String head = gate.isEmpty() ? null : openOfGate.get(gate);
    if (head != null && !head.equals(message.id())) {
      problem(RelayCheck.KEY_ORDER, gate + ": " + id + " came while " + head + " was owed");
    }
    CheckedMessage barrier = barrier(message);
    if (barrier != null) {
      problem(
          RelayCheck.KEY_ORDER,
          id + " came while " + barrier.id() + " was owed, and one of them is a truncate");
    }
  }

  /** What should have been acknowledged before, since one of the two is a truncate. */
  private @Nullable CheckedMessage barrier(CheckedMessage message) {
    for (CheckedMessage other : open.values()) {
      if (!other.id().equals(message.id()) && (isTruncate(other) || isTruncate(message))) {
        return other;
      }
    }
    return null;
  }

  private static boolean isTruncate(CheckedMessage message) {
    JsonNode op = message.members().get("op");
    return op != null && op.asText().equals("truncate");
  }

  void acknowledged(CheckedMessage message) {
    acknowledged.put(message.id(), message.connection());
    open.remove(message.id());
    openOfGate.remove(message.gate(), message.id());
  }

  void problem(String item, String detail) {
    problems.putIfAbsent(item, detail);
  }

  /** The first problem of an item, or null. */
  @Nullable String problem(String item) {
    return problems.get(item);
  }

  long epoch() {
    return epoch;
  }

  int different() {
    return seen.size();
  }

  int repeats() {
    return repeats;
  }

  int gates() {
    return newestOfGate.size();
  }
}
