// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

import dev.outboxrelay.values.Destination.Ack;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;

/** A {@link RelayCheck}'s side of the talk with a relay: takes messages, answers, waits. */
final class CheckDialogue {

  /** How long a second message is waited for before the first is answered after all. */
  private static final Duration TOGETHER = Duration.ofSeconds(2);

  /** When nothing has moved for so long, the relay may wait for an answer. */
  private static final Duration STUCK = Duration.ofMillis(200);

  private final CheckConnections connections;
  private final MessageRules rules;
  private final DeliveryRules deliveries;
  private final Ack ack;
  private final Duration patience;

  /** Arrived and not answered, oldest first; with 'close' also of connections that have ended. */
  private final ArrayDeque<CheckedMessage> waiting = new ArrayDeque<>();

  private final Set<Integer> spoke = new HashSet<>();
  private final Set<Integer> ended = new HashSet<>();
  private final Set<Integer> cut = new HashSet<>();
  private long count;

  CheckDialogue(
      CheckConnections connections,
      MessageRules rules,
      DeliveryRules deliveries,
      Ack ack,
      Duration patience) {
    this.connections = connections;
    this.rules = rules;
    this.deliveries = deliveries;
    this.ack = ack;
    this.patience = patience;
  }

  /** The relay did not do what it should. */
  static class Failed extends Exception {
    private static final long serialVersionUID = 1L;

    Failed(String message) {
      super(message);
    }
  }

  /** There was nothing to go on with. */
  static final class Dry extends Failed {
    private static final long serialVersionUID = 1L;

    Dry(String message) {
      super(message);
    }
  }

  /** How many messages came, repeated ones included. */
  long count() {
    return count;
  }

  /** The oldest message that is not answered. */
  CheckedMessage take() throws InterruptedException, Failed {
    long deadline = deadline();
    while (waiting.isEmpty()) {
      if (!hear(deadline)) {
        throw new Dry("no message came within " + patience() + ": write more rows");
      }
    }
    return waiting.remove();
  }

  /** Two messages that are in flight at once. */
  List<CheckedMessage> takeTwo() throws InterruptedException, Failed {
    long deadline = deadline();
    while (true) {
      CheckedMessage first = take();
      waiting.addFirst(first);
      long together = System.nanoTime() + TOGETHER.toNanos();
      while (waiting.size() < 2 && hear(together)) {
        continue;
      }
      if (waiting.size() >= 2) {
        return List.of(waiting.remove(), waiting.remove());
      }
      acknowledgeAll();
      if (System.nanoTime() > deadline) {
        throw new Failed("never were two messages in flight: write rows of different keys at once");
      }
    }
  }

  /** With {@code ack} 'close': what came on a connection that the relay has half-closed. */
  List<CheckedMessage> takeBatch() throws InterruptedException, Failed {
    CheckedMessage first = take();
    long deadline = deadline();
    while (!ended.contains(first.connection())) {
      if (!hear(deadline)) {
        throw new Failed("the relay did not close its side of the connection after a batch");
      }
    }
    List<CheckedMessage> batch = new ArrayList<>();
    batch.add(first);
    Iterator<CheckedMessage> rest = waiting.iterator();
    while (rest.hasNext()) {
      CheckedMessage each = rest.next();
      if (each.connection() == first.connection()) {
        batch.add(each);
        rest.remove();
      }
    }
    return batch;
  }

  /**
   * Waits until a message comes again. What else comes is kept for the items that follow; when
   * nothing moves, the oldest is acknowledged, since the relay may wait for that.
   */
  CheckedMessage again(CheckedMessage message) throws InterruptedException, Failed {
    long deadline = deadline();
    while (true) {
      for (CheckedMessage each : waiting) {
        if (each.id().equals(message.id())) {
          waiting.remove(each);
          return each;
        }
      }
      if (!hear(Math.min(deadline, System.nanoTime() + STUCK.toNanos())) && !waiting.isEmpty()) {
        acknowledge(waiting.remove());
      }
      if (System.nanoTime() > deadline) {
        throw new Failed("message " + message.id() + " did not come again within " + patience());
      }
    }
  }

  void acknowledge(CheckedMessage message) {
    say(message, "{\"ack\":\"" + message.id() + "\"}\n");
    deliveries.acknowledged(message);
  }

  /** Acknowledges what was said by hand to be acknowledged. */
  void settled(CheckedMessage message) {
    deliveries.acknowledged(message);
  }

  void acknowledgeAll() {
    while (!waiting.isEmpty()) {
      acknowledge(waiting.remove());
    }
  }

  /** Acknowledges all that can be by now. */
  void settleAll() {
    if (ack == Ack.LINE) {
      acknowledgeAll();
      return;
    }
    for (CheckedMessage each : List.copyOf(waiting)) {
      if (ended.contains(each.connection())) {
        waiting.remove(each);
        closeBatch(List.of(each));
      }
    }
  }

  void closeBatch(List<CheckedMessage> batch) {
    connections.close(batch.get(0).connection(), false);
    batch.forEach(deliveries::acknowledged);
  }

  void say(CheckedMessage to, String text) {
    connections.say(to.connection(), text);
  }

  /** Ends the connection that a message came on: what came on it and is unanswered comes again. */
  void cut(CheckedMessage message, boolean reset) {
    cut.add(message.connection());
    connections.close(message.connection(), reset);
    waiting.removeIf(each -> each.connection() == message.connection());
  }

  /** Tells whether the relay ends a connection in time. */
  boolean endsBefore(int connection, long deadline) throws InterruptedException {
    while (!ended.contains(connection)) {
      if (!hear(deadline)) {
        return false;
      }
    }
    return true;
  }

  String patience() {
    return patience.toMillis() + " ms";
  }

  long deadline() {
    return System.nanoTime() + patience.toNanos();
  }

  /** Hears one event; false when none comes in time. */
  boolean hear(long deadline) throws InterruptedException {
    CheckEvent event = connections.next(Math.max(0, deadline - System.nanoTime()));
    if (event instanceof CheckEvent.Arrived arrived) {
      arrived(arrived);
    } else if (event instanceof CheckEvent.Ended end) {
      ended(end);
    }
    return event != null;
  }

  private void arrived(CheckEvent.Arrived arrived) {
    if (cut.contains(arrived.connection())) {
      return;
    }
    count++;
    spoke.add(arrived.connection());
    try {
      CheckedMessage message = rules.read(arrived);
      deliveries.arrived(message);
      if (ack != Ack.NONE) {
        waiting.add(message);
      }
    } catch (MessageRules.Broken e) {
      deliveries.problem(RelayCheck.WELL_FORMED, String.valueOf(e.getMessage()));
      connections.close(arrived.connection(), true);
    }
  }

  private void ended(CheckEvent.Ended end) {
    int connection = end.connection();
    ended.add(connection);
    if (!end.problem().isEmpty() && !cut.contains(connection)) {
      deliveries.problem(RelayCheck.FRAMING, end.problem());
    }
    if (ack == Ack.CLOSE) {
      if (!spoke.contains(connection)) {
        connections.close(connection, false);
      }
      return;
    }
    connections.close(connection, false);
    waiting.removeIf(each -> each.connection() == connection);
  }
}
