// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.ScriptedReceiver.Line;
import dev.outboxrelay.testing.ScriptedReceiver.Script;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * How a receiver of the harness answers: as told by the faults, otherwise with a little delay now
 * and then.
 */
final class ReceiverScript implements Script {

  /** How lines are answered until told otherwise. */
  enum Mood {
    ACKNOWLEDGING,
    SILENT,
    REFUSING,
    REFUSING_FOR_GOOD
  }

  private static final int DELAYED_PERCENT = 3;
  private static final int LONGEST_DELAY_MILLIS = 40;
  private static final int REFUSED_PERCENT = 30;

  private final Inbox inbox;
  private final Random random;
  private final AtomicReference<@Nullable Reply> once = new AtomicReference<>();
  private final AtomicLong unwilling = new AtomicLong();
  private volatile Mood mood = Mood.ACKNOWLEDGING;

  ReceiverScript(Inbox inbox, long seed) {
    this.inbox = inbox;
    this.random = new Random(seed);
  }

  void mood(Mood next) {
    mood = next;
  }

  /** The next line is answered with this, whatever the mood. */
  void once(Reply reply) {
    once.set(reply);
  }

  boolean onceWaits() {
    return once.get() != null;
  }

  /** Whether there was still something to forget. */
  boolean forgetOnce() {
    return once.getAndSet(null) != null;
  }

  /** How many lines were refused, or left without an answer, by mood. */
  long unwilling() {
    return unwilling.get();
  }

  @Override
  public Reply replyTo(Line line) {
    inbox.arrived(line);
    Reply special = once.getAndSet(null);
    if (special != null) {
      return special;
    }
    int dice;
    int delayMillis;
    synchronized (random) {
      dice = random.nextInt(100);
      delayMillis = 1 + random.nextInt(LONGEST_DELAY_MILLIS);
    }
    return switch (mood) {
      case SILENT -> {
        unwilling.incrementAndGet();
        yield Reply.silence();
      }
      case REFUSING ->
          dice < REFUSED_PERCENT ? refused(Reply.nack("not now")) : noted(Reply.ack(), true);
      case REFUSING_FOR_GOOD ->
          dice < REFUSED_PERCENT ? refused(Reply.nackForGood("never")) : noted(Reply.ack(), true);
      case ACKNOWLEDGING ->
          dice < DELAYED_PERCENT
              ? Reply.after(Duration.ofMillis(delayMillis), noted(Reply.ack(), true))
              : noted(Reply.ack(), true);
    };
  }

  private Reply refused(Reply refusal) {
    unwilling.incrementAndGet();
    return noted(refusal, false);
  }

  private Reply noted(Reply reply, boolean acknowledges) {
    return (connection, line) -> {
      inbox.answered(line, acknowledges);
      reply.perform(connection, line);
    };
  }
}
