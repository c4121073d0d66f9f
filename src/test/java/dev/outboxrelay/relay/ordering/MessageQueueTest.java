// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.ordering;

import static org.junit.jupiter.api.Assertions.fail;

import dev.outboxrelay.relay.ordering.KeyGates.Origin;
import dev.outboxrelay.relay.ordering.KeyGates.Verdict;
import dev.outboxrelay.relay.ordering.MessageQueue.Blocked;
import dev.outboxrelay.values.Gate;
import dev.outboxrelay.values.Message;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * A queue against what a stranger would say of it: nothing is sent while something before it, of
 * its key or a truncate, is not settled, and in the end all is sent. A sequence that fails is cut
 * down to the few steps that make it fail.
 */
final class MessageQueueTest {
  private static final int SEQUENCES = 5_000;
  private static final int STEPS = 60;
  private static final int DEEDS = 16;

  /** A step: one of the deeds below, and which message it is done to. */
  private record Step(int deed, int which) {}

  /** The table, the receiver and the rest of a lane, as simple as can be. */
  private static final class Model {
    private static final List<Gate> KEYS =
        List.of(new Gate(1, "a"), new Gate(1, "b"), new Gate(1, "c"));

    private final KeyGates gates = new KeyGates();
    private final Barrier barrier = new Barrier();
    private final MessageQueue queue = new MessageQueue(true, gates, barrier);

    /** What is not settled, by id: all of it is owed. */
    private final TreeMap<Long, Message> owed = new TreeMap<>();

    private final TreeMap<Long, QueuedMessage> inFlight = new TreeMap<>();
    private final TreeSet<Long> retries = new TreeSet<>();
    private final TreeMap<Long, Message> held = new TreeMap<>();
    private long nextId = 1;

    private static Message message(long id, @Nullable Gate gate, boolean truncate) {
      return new Message(
          id, 0, 1, "out", gate, truncate, false, false, 0, new byte[0], 0, false, null);
    }

    private static <T> T one(Iterable<T> all, int size, int which) {
      int index = which % size;
      for (T each : all) {
        if (index-- == 0) {
          return each;
        }
      }
      throw new IllegalStateException("none of " + size);
    }

    void step(Step step) {
      switch (step.deed()) {
        case 0, 1, 2 -> write(step.which());
        case 3, 4 -> take();
        case 5, 6 -> delivered(step.which());
        case 7 -> refused(step.which());
        case 8 -> due(step.which());
        case 9 -> readHeld(step.which());
        case 10 -> deferred(step.which());
        case 11 -> paused(step.which());
        case 12 -> cut();
        case 13 -> suspected(step.which());
        case 14 -> gone(step.which());
        default -> failed(step.which());
      }
      passBarrier();
    }

    private void write(int which) {
      int kind = which % 12;
      Gate gate = kind < 9 ? KEYS.get(kind % 3) : null;
      Message message = message(nextId++, gate, kind == 11);
      owed.put(message.id(), message);
      admit(message, Origin.WINDOW);
    }

    private void admit(Message message, Origin origin) {
      QueuedMessage entry = new QueuedMessage(message);
      if (queue.read(entry, origin) == Verdict.HOLD) {
        hold(entry);
      }
    }

    private void hold(QueuedMessage entry) {
      held.put(entry.id(), entry.message);
      gates.holdCommitted(entry.message);
    }

    private void passBarrier() {
      boolean nothingBefore =
          queue.isOnlyBehindTruncate() && inFlight.isEmpty() && retries.isEmpty();
      queue.passBarrier(nothingBefore, this::hold);
    }

    private void take() {
      if (queue.isNoneReady()) {
        return;
      }
      QueuedMessage entry = queue.take();
      for (Message earlier : owed.headMap(entry.id()).values()) {
        if (isBefore(earlier, entry.message)) {
          throw new AssertionError(
              entry.id() + " is sent, and " + earlier.id() + " is not settled");
        }
      }
      inFlight.put(entry.id(), entry);
    }

    private static boolean isBefore(Message earlier, Message later) {
      if (earlier.barrier() || later.barrier()) {
        return true;
      }
      return earlier.gate() != null && earlier.gate().equals(later.gate());
    }

    private void delivered(int which) {
      if (!inFlight.isEmpty()) {
        QueuedMessage entry = one(inFlight.values(), inFlight.size(), which);
        inFlight.remove(entry.id());
        owed.remove(entry.id());
        queue.delivered(entry);
      }
    }

    private void deferred(int which) {
      if (!inFlight.isEmpty()) {
        QueuedMessage entry = answered(which);
        queue.deferred(entry);
        isNext(entry);
      }
    }

    private void paused(int which) {
      if (!inFlight.isEmpty()) {
        QueuedMessage entry = answered(which);
        queue.paused(entry);
        isNext(entry);
      }
    }

    private void isNext(QueuedMessage entry) {
      if (queue.take() != entry) {
        throw new AssertionError(entry.id() + " was put off, and another one is next");
      }
      queue.deferred(entry);
    }

    private void cut() {
      List<QueuedMessage> all = List.copyOf(inFlight.values());
      inFlight.clear();
      queue.unanswered(all);
      for (QueuedMessage entry : all) {
        if (queue.take() != entry) {
          throw new AssertionError(entry.id() + " was in flight, and is not next in its order");
        }
      }
      queue.unanswered(all);
    }

    private void suspected(int which) {
      if (!inFlight.isEmpty()) {
        QueuedMessage entry = answered(which);
        boolean others = !queue.isNoneReady();
        queue.suspected(entry);
        QueuedMessage next = queue.take();
        queue.deferred(next);
        if (others && next == entry) {
          throw new AssertionError(entry.id() + " is suspected, and goes before others");
        }
      }
    }

    private void gone(int which) {
      if (!inFlight.isEmpty()) {
        QueuedMessage entry = answered(which);
        owed.remove(entry.id());
        queue.gone(entry);
      }
    }

    /** Set aside for good, and nothing waits for it. */
    private void failed(int which) {
      if (!inFlight.isEmpty()) {
        QueuedMessage entry = answered(which);
        queue.failed(entry);
        owed.remove(entry.id());
        queue.failureWritten(entry);
      }
    }

    private QueuedMessage answered(int which) {
      QueuedMessage entry = one(inFlight.values(), inFlight.size(), which);
      inFlight.remove(entry.id());
      return entry;
    }

    private void refused(int which) {
      if (inFlight.isEmpty()) {
        return;
      }
      QueuedMessage entry = one(inFlight.values(), inFlight.size(), which);
      inFlight.remove(entry.id());
      Blocked blocked = queue.refused(entry);
      queue.refusalWritten(entry);
      if (blocked != null) {
        blocked.followers().forEach(this::hold);
      }
      retries.add(entry.id());
    }

    private void due(int which) {
      if (!retries.isEmpty()) {
        long id = one(retries, retries.size(), which);
        retries.remove(id);
        Message message = owed.get(id);
        if (message != null) {
          admit(message, Origin.RETRY);
        }
      }
    }

    private void readHeld(int which) {
      Gate gate = KEYS.get(which % 3);
      if (!gates.beginHeldRead(gate)) {
        return;
      }
      List<Message> all = held.values().stream().filter(m -> gate.equals(m.gate())).toList();
      List<Message> free = gates.free(gate, all);
      gates.endHeldRead(gate, !all.isEmpty());
      for (Message message : free) {
        held.remove(message.id());
        admit(message, Origin.HELD);
      }
    }

    /** Nothing goes wrong from now on. */
    void end() {
      for (int round = 0; round < 50 * (STEPS + 1) && !owed.isEmpty(); round++) {
        for (int deed : List.of(8, 9, 3, 5)) {
          step(new Step(deed, round));
        }
      }
      if (!owed.isEmpty()) {
        throw new AssertionError(owed.keySet() + " are never sent");
      }
      if (queue.size() != 0) {
        throw new AssertionError(queue.size() + " are counted, and none is there");
      }
    }
  }

  private static @Nullable String run(List<Step> steps) {
    Model model = new Model();
    try {
      steps.forEach(model::step);
      model.end();
      return null;
    } catch (AssertionError | RuntimeException e) {
      return String.valueOf(e);
    }
  }

  /** Leaves out what does not matter, in large pieces first. */
  private static List<Step> shrink(List<Step> failing) {
    List<Step> steps = failing;
    for (int piece = steps.size() / 2; piece > 0; piece /= 2) {
      for (int from = 0; from + piece <= steps.size(); ) {
        List<Step> fewer = new ArrayList<>(steps.subList(0, from));
        fewer.addAll(steps.subList(from + piece, steps.size()));
        if (run(fewer) != null) {
          steps = fewer;
        } else {
          from += piece;
        }
      }
    }
    return steps;
  }

  @Test
  void queue_anySequence_keepsTheOrderAndSendsAll() {
    Set<String> found = new LinkedHashSet<>();
    for (long seed = 1; seed <= SEQUENCES && found.isEmpty(); seed++) {
      Random random = new Random(seed);
      List<Step> steps = new ArrayList<>();
      for (int n = 0; n < STEPS; n++) {
        steps.add(new Step(random.nextInt(DEEDS), random.nextInt(1 << 20)));
      }
      if (run(steps) != null) {
        List<Step> few = shrink(steps);
        found.add("seed " + seed + ": " + run(few) + " after " + few);
      }
    }
    if (!found.isEmpty()) {
      fail(String.join("\n", found));
    }
  }
}
