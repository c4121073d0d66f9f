// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Gate;
import dev.outboxrelay.values.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A connection between a process and a receiver. What is under way on it may be lost. */
final class ScriptedConnection implements Sink {
  /** What a rate makes up for. */
  private static final long MADE_UP_NANOS = 50 * Timeline.MILLI;

  private final World world;
  private final RelayProcess process;
  private final Receiver receiver;
  private final Destination destination;
  private final SinkListener listener;
  private final MemoryLockSession session;

  /** As the relay sees it. */
  private final Map<Long, Message> unanswered = new HashMap<>();

  private final Map<Gate, Long> unansweredGates = new HashMap<>();
  private final List<Answer> answers = new ArrayList<>();
  private boolean flushing;
  private boolean standing;
  private boolean endedForRelay;
  private boolean endedForReceiver;
  private long lastArrival;
  private long sent;
  private long firstSentNanos;

  ScriptedConnection(
      World world,
      RelayProcess process,
      Receiver receiver,
      Destination destination,
      SinkListener listener) {
    this.world = world;
    this.process = process;
    this.receiver = receiver;
    this.destination = destination;
    this.listener = listener;
    MemoryLockSession newest = process.lockSession();
    if (newest == null) {
      throw new IllegalStateException("a connection without a lock session");
    }
    session = newest;
  }

  /** One at once, and what could be made up for. */
  private void checkRate(@Nullable Integer rate, long nowNanos) {
    if (sent++ == 0) {
      firstSentNanos = nowNanos;
    }
    if (rate != null
        && sent > 2 + rate * (nowNanos - firstSentNanos + MADE_UP_NANOS) / Timeline.SECOND) {
      world.checker().violation("rate", sent + " messages are sent at " + rate + " a second");
    }
  }

  Destination destination() {
    return destination;
  }

  Host host() {
    return process.host();
  }

  void stands() {
    if (!endedForRelay) {
      standing = true;
      receiver.accepted(this);
      if (world.trace().isKept()) {
        world.trace().add(process.host(), "is connected to " + destination.name());
      }
      listener.connected();
    }
  }

  @Override
  public void send(List<Message> messages) {
    if (endedForRelay) {
      return;
    }
    world.checker().sends(process, session, destination);
    long sentNanos = world.timeline().now();
    for (Message message : messages) {
      if (world.trace().isKept()) {
        world.trace().add(process.host(), "sends " + message.id() + " to " + destination.name());
      }
      unanswered.put(message.id(), message);
      Gate gate = message.gate();
      checkRate(destination.brakes().maxRate(), sentNanos);
      if (gate != null && destination.ordering() == Destination.Ordering.KEY) {
        if (destination.brakes().heldKeys().contains(gate)) {
          world.checker().violation("held key", message.id() + " is sent, and its key is held");
        }
        Long before = unansweredGates.put(gate, message.id());
        if (before != null) {
          world
              .checker()
              .violation("too early", message.id() + " is sent while " + before + " is unanswered");
        }
      }
      lastArrival = Math.max(lastArrival + 1, world.timeline().now() + world.weather().latency());
      world
          .timeline()
          .in(
              lastArrival - world.timeline().now(),
              () -> {
                if (!endedForReceiver) {
                  receiver.receive(this, message, sentNanos);
                }
              });
    }
    if (unanswered.size() > destination.maxInFlight()) {
      world.checker().violation("window", unanswered.size() + " messages are in flight");
    }
  }

  /** The receiver answers. */
  void answer(Answer answer) {
    if (endedForReceiver) {
      return;
    }
    answers.add(answer);
    if (!flushing) {
      flushing = true;
      world.timeline().in(world.weather().latency(), process.host(), this::flush);
    }
  }

  private void flush() {
    flushing = false;
    List<Answer> all = List.copyOf(answers);
    answers.clear();
    if (endedForRelay || all.isEmpty()) {
      return;
    }
    for (Answer answer : all) {
      Message message = unanswered.remove(answer.id());
      Gate gate = message == null ? null : message.gate();
      if (gate != null) {
        unansweredGates.remove(gate, answer.id());
      }
      // Whoever has lost its lock session may not bring it to the table before the next owner
      // reads.
      if (message != null && answer instanceof Answer.Acked && session.end() == null) {
        world.checker().acknowledgementHeard(answer.id());
      }
    }
    if (world.trace().isKept()) {
      world.trace().add(process.host(), "hears " + all);
    }
    listener.answered(all);
  }

  /** It breaks. What has not come to either end by now never will. */
  void cut(boolean told) {
    endedForReceiver = true;
    receiver.lost(this);
    if (told) {
      world
          .timeline()
          .in(
              world.weather().latency(),
              process.host(),
              () -> endedHere("connection reset", Fault.LOST));
    }
  }

  /** The receiver closes it, or says what is no answer. */
  void closedByReceiver(boolean garbage) {
    endedForReceiver = true;
    receiver.lost(this);
    world
        .timeline()
        .in(
            world.weather().latency(),
            process.host(),
            () ->
                endedHere(
                    garbage ? "garbage" : "closed",
                    garbage ? Fault.PROTOCOL : unanswered.isEmpty() ? Fault.NONE : Fault.LOST));
  }

  void endedHere(String reason, Fault fault) {
    if (endedForRelay) {
      return;
    }
    endedForRelay = true;
    if (fault == Fault.UNREACHABLE) {
      world.checker().fault();
    }
    listener.closed(reason, fault);
  }

  @Override
  public void close(String reason) {
    if (endedForRelay) {
      return;
    }
    endedForRelay = true;
    // What was written before may still arrive; whether it does nobody here will hear.
    world
        .timeline()
        .in(
            world.weather().latency(),
            () -> {
              endedForReceiver = true;
              receiver.lost(this);
            });
    if (standing) {
      world
          .timeline()
          .in(world.weather().hop(), process.host(), () -> listener.closed(reason, Fault.NONE));
    }
  }
}
