// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.settling;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.relay.ordering.KeyGates;
import dev.outboxrelay.relay.ordering.QueuedMessage;
import dev.outboxrelay.relay.reading.HeldReader;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.values.Gate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Marks messages as held. INVARIANT: a message is marked only after the one that blocks its gate is
 * marked as refused, so that whoever reads the table after a crash finds the head of a parked gate;
 * and in the order in which they came, one statement at a time and all of a statement or none, so
 * that he never finds a later message of a key held and an earlier one pending, which it would then
 * overtake.
 */
public final class Holds {
  private final Settling settling;
  private final KeyGates gates;
  private final HeldReader held;
  private final MessageStore store;
  private final RelayEvents events;

  /** To be marked now. */
  private final List<QueuedMessage> now = new ArrayList<>();

  /** To be marked once their gate's head is. */
  private final Map<Gate, List<QueuedMessage>> later = new HashMap<>();

  /** To be marked once somebody lets go of a row: of each gate, from the first locked one on. */
  private final Map<Gate, List<QueuedMessage>> behindLocked = new LinkedHashMap<>();

  private boolean marking;

  public Holds(
      Settling settling, KeyGates gates, HeldReader held, MessageStore store, RelayEvents events) {
    this.settling = settling;
    this.gates = gates;
    this.held = held;
    this.store = store;
    this.events = events;
  }

  /** A gate is blocked, by a message that is not marked yet. */
  void block(Gate gate, List<QueuedMessage> followers) {
    later.put(gate, followers);
  }

  /**
   * Whether the message that blocks a gate is not marked yet: the table shows it as pending or
   * held, as it was when it was read.
   */
  boolean awaitsHead(Gate gate) {
    return later.containsKey(gate);
  }

  /** The message that blocks its gate is marked. */
  void blocked(QueuedMessage head) {
    Gate gate = head.message.gate();
    List<QueuedMessage> followers = gate == null ? null : later.remove(gate);
    if (gate != null && followers != null) {
      behindLocked.getOrDefault(gate, now).addAll(followers);
    }
  }

  /** A message has come to a blocked gate. */
  public void add(QueuedMessage entry) {
    Gate gate = gate(entry);
    later.getOrDefault(gate, behindLocked.getOrDefault(gate, now)).add(entry);
  }

  /** Marks what can be marked. */
  public void flush() {
    if (now.isEmpty() || marking) {
      return;
    }
    marking = true;
    List<QueuedMessage> entries = List.copyOf(now);
    now.clear();
    List<Long> ids = entries.stream().map(QueuedMessage::id).toList();
    events.held(settling.name(), ids.size());
    settling.update(
        "hold of ",
        () -> store.hold(settling.name(), settling.encoding().epoch(), ids),
        locked -> {
          marking = false;
          if (locked.isEmpty()) {
            marked(entries);
          } else {
            keepBack(entries, locked);
          }
          flush();
        });
  }

  private void marked(List<QueuedMessage> entries) {
    settling.marked(entries);
    if (entries.stream().anyMatch(entry -> entry.message.refused())) {
      settling.readDue(); // these are not marked: their time has come, and nobody waits for it
    }
    Set<Gate> touched = new LinkedHashSet<>();
    for (QueuedMessage entry : entries) {
      gates.holdCommitted(entry.message);
      touched.add(gate(entry));
    }
    touched.forEach(held::want);
  }

  /** Somebody has locked some, so none was marked: the others are marked without them. */
  private void keepBack(List<QueuedMessage> entries, Set<Long> locked) {
    if (behindLocked.isEmpty()) {
      settling.later(
          Completer.LOCKED_MILLIS,
          () -> {
            behindLocked.values().forEach(now::addAll);
            behindLocked.clear();
          });
    }
    List<QueuedMessage> all = new ArrayList<>(entries);
    all.addAll(now);
    now.clear();
    for (QueuedMessage entry : all) {
      Gate gate = gate(entry);
      if (locked.contains(entry.id())) {
        behindLocked.computeIfAbsent(gate, g -> new ArrayList<>());
      }
      behindLocked.getOrDefault(gate, now).add(entry);
    }
  }

  private static Gate gate(QueuedMessage entry) {
    Gate gate = entry.message.gate();
    if (gate == null) {
      throw new IllegalStateException(
          "message " + entry.message.wireId() + " has no key and is held");
    }
    return gate;
  }
}
