// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.broker;

import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.sink.tcp.Defect;
import dev.outboxrelay.sink.tcp.ListenerGuard;
import dev.outboxrelay.threads.Errors;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Message;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A destination on a broker: a lane of the connection to its cluster. The broker answers in any
 * order; the relay gives it one message of a key at a time.
 *
 * <p>INVARIANT: every field that is neither final nor volatile is touched on the event loop only,
 * and {@link #end} is the only way out, so that the listener hears {@code closed} once and last.
 */
final class BrokerSink implements Sink, Member {
  private static final Logger LOG = LoggerFactory.getLogger(BrokerSink.class);

  /** Looks for overdue messages so many times in the time that one has. */
  private static final int LOOKS = 10;

  private final Destination destination;
  private final EventLoop loop;
  private final ListenerGuard listener;
  private final Duration limit;

  /** Sent and not answered, in the order of sending. */
  private final Map<Long, Unanswered> unanswered = new LinkedHashMap<>();

  /** Heard on other threads, on its way to the loop; no more than what is unanswered. */
  private final Queue<Answer> heard = new ConcurrentLinkedQueue<>();

  private final AtomicBoolean hearing = new AtomicBoolean();

  private volatile @Nullable Cluster cluster;
  private volatile boolean waiting;
  private volatile boolean over;
  private @Nullable Lane lane;
  private boolean looking;
  private long answeredNanos;

  private record Unanswered(Message message, long sentNanos) {}

  BrokerSink(Destination destination, EventLoop loop, SinkListener listener) {
    this.destination = destination;
    this.loop = loop;
    this.listener = new ListenerGuard(destination.name(), listener, this::broken);
    // Before the relay's own time is up, which would end everything that is under way.
    limit = destination.ackTimeout().multipliedBy(9).dividedBy(10);
  }

  /** Joins a cluster, unless it is over. */
  boolean joins(Cluster joined) {
    cluster = joined;
    return joined.join(this);
  }

  @Override
  public Destination destination() {
    return destination;
  }

  @Override
  public boolean isOver() {
    return over;
  }

  @Override
  public boolean isWaiting() {
    return waiting;
  }

  @Override
  public void send(List<Message> messages) {
    List<Message> batch = List.copyOf(messages);
    onLoop(
        () -> {
          Lane open = lane;
          Cluster on = cluster;
          if (over || open == null || on == null) {
            return;
          }
          long now = System.nanoTime();
          batch.forEach(message -> unanswered.put(message.id(), new Unanswered(message, now)));
          waiting = true;
          on.publish(this, open, batch);
          look();
        });
  }

  @Override
  public void close(String reason) {
    onLoop(() -> end(reason, Fault.NONE));
  }

  // What the cluster says, on any thread. ---------------------------------------------------------

  @Override
  public void stood(Lane opened) {
    onLoop(
        () -> {
          if (over) {
            Cluster on = cluster;
            if (on != null) {
              on.discard(opened);
            }
            return;
          }
          lane = opened;
          listener.connected();
        });
  }

  @Override
  public void refused(Message message, String why) {
    answered(new Answer.Nacked(message.id(), message.stamp(), why, true, null));
  }

  @Override
  public void answered(Answer answer) {
    heard.add(answer);
    if (hearing.compareAndSet(false, true)) {
      onLoop(this::hear);
    }
  }

  @Override
  public void ended(String reason, Fault fault) {
    onLoop(() -> end(reason, fault));
  }

  @Override
  public void broken(Throwable problem) {
    Errors.report(problem);
    ended(Errors.words(problem), Fault.DEFECT);
    LOG.error("{}: its connection is closed after an error", destination.name(), problem);
  }

  private void onLoop(Runnable work) {
    try {
      loop.execute(() -> Defect.guard(work, this::broken));
    } catch (RejectedExecutionException e) {
      LOG.debug("{}: the transport is closed", destination.name());
    }
  }

  // On the loop. ----------------------------------------------------------------------------------

  private void hear() {
    hearing.set(false);
    List<Answer> known = new ArrayList<>();
    for (Answer answer = heard.poll(); answer != null; answer = heard.poll()) {
      Unanswered asked = unanswered.get(answer.id());
      if (asked != null && asked.message().stamp() == answer.stamp()) {
        unanswered.remove(answer.id());
        known.add(answer);
      }
    }
    if (over || known.isEmpty()) {
      return;
    }
    waiting = !unanswered.isEmpty();
    answeredNanos = System.nanoTime();
    Cluster on = cluster;
    if (on != null) {
      on.answered();
    }
    listener.answered(known);
  }

  /** Looks now and then for what is overdue, as long as something is unanswered. */
  private void look() {
    if (looking || over || unanswered.isEmpty()) {
      return;
    }
    looking = true;
    loop.schedule(
        () ->
            Defect.guard(
                () -> {
                  looking = false;
                  overdue();
                  look();
                },
                this::broken),
        Math.max(1, limit.toMillis() / LOOKS),
        TimeUnit.MILLISECONDS);
  }

  private void overdue() {
    hear();
    long now = System.nanoTime();
    List<Answer> refused = new ArrayList<>();
    for (Unanswered each : List.copyOf(unanswered.values())) {
      if (over || now - each.sentNanos() < limit.toNanos()) {
        break;
      }
      if (answeredNanos - each.sentNanos() <= 0) {
        silent(each.sentNanos());
        return;
      }
      unanswered.remove(each.message().id());
      refused.add(
          new Answer.Nacked(
              each.message().id(),
              each.message().stamp(),
              reason() + ", while others were answered",
              true,
              null));
    }
    waiting = !unanswered.isEmpty();
    if (!refused.isEmpty()) {
      listener.answered(refused);
    }
  }

  private String reason() {
    return "no answer of the broker within " + limit.toMillis() + " ms";
  }

  /** Nothing is answered: the broker is slow, and no message is to blame. */
  private void silent(long sinceNanos) {
    Lane open = lane;
    String obstacle = open == null ? null : open.obstacle();
    String why = obstacle == null ? reason() : reason() + ": " + obstacle;
    Cluster on = cluster;
    end(why, Fault.NONE);
    if (on != null && !on.answeredSince(sinceNanos)) {
      on.silent(why);
    }
  }

  private void end(String reason, Fault fault) {
    if (over) {
      return;
    }
    over = true;
    waiting = false;
    Cluster on = cluster;
    if (on != null) {
      on.leave(this, lane);
    }
    listener.closed(reason, fault);
  }
}
