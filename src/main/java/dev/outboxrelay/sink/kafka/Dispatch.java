// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import dev.outboxrelay.sink.tcp.Defect;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * Hands messages to the library, which never blocks here: what it cannot take yet waits in this
 * class. That is a message for a topic of which nothing is known yet, and one for which its buffer
 * has no room. So a topic that is missing holds up no other.
 *
 * <p>What waits was handed to sinks, so the relay bounds it. It is looked at on the library's own
 * thread, between two waits for its sockets.
 */
final class Dispatch implements WatchedSelector.Rounds {
  private static final long LOOK_MILLIS = 100;
  private static final Duration TOPIC_LIMIT = Duration.ofSeconds(3);

  /** How often a message may be in a batch of which another one is refused. */
  private static final int MAX_TRIES = 10;

  private final WatchedMetadata metadata;
  private final Nodes nodes;
  private final Watch watch;
  private final Patience patience;
  private final Duration topicLimit;
  private volatile @Nullable Producer<byte[], byte[]> producer;
  private volatile Runnable wakeup = () -> {};
  private volatile boolean closed;

  /** With the library. While there is any, its thread looks often enough to tell what is late. */
  private final AtomicInteger underWay = new AtomicInteger();

  /** On its way to the library's thread. */
  private final Queue<Parcel> arrivals = new ConcurrentLinkedQueue<>();

  /** Something waits for room: what comes later goes behind it. */
  private volatile boolean crowded;

  // On the library's thread only.
  private final Deque<Parcel> forRoom = new ArrayDeque<>();
  private final Map<String, Unknown> forTopics = new HashMap<>();
  private long lookedNanos = System.nanoTime();
  private int lookedVersion;

  /**
   * A topic that is being looked for.
   *
   * @param version what is known behind it is new
   */
  private record Unknown(int version, long sinceNanos, List<Parcel> parcels) {}

  Dispatch(WatchedMetadata metadata, Nodes nodes, Watch watch, Patience patience) {
    this.metadata = metadata;
    this.nodes = nodes;
    this.watch = watch;
    this.patience = patience;
    topicLimit = patience.waiting().compareTo(TOPIC_LIMIT) < 0 ? patience.waiting() : TOPIC_LIMIT;
  }

  /**
   * Before anything is sent.
   *
   * @param wakeup lets the library's thread wait no longer
   */
  void begin(Producer<byte[], byte[]> made, Runnable wakeup) {
    this.wakeup = wakeup;
    producer = made;
  }

  /** Nothing is sent or told any more. */
  void close() {
    closed = true;
  }

  /** Sends a message, or has it wait. */
  void send(Parcel parcel) throws InterruptedException {
    try {
      if (crowded || !metadata.knows(parcel.topic()) || !offer(parcel)) {
        arrivals.add(parcel);
        wakeup.run();
      }
    } catch (InterruptException e) {
      // The library has said so to the thread, too.
      Thread.interrupted();
      throw (InterruptedException) new InterruptedException("stopped").initCause(e);
    }
  }

  /** False when the library cannot take it now. */
  private boolean offer(Parcel parcel) {
    Producer<byte[], byte[]> to = producer;
    if (closed || to == null) {
      return true;
    }
    Outcome outcome = new Outcome(parcel);
    underWay.incrementAndGet();
    try {
      to.send(parcel.record(), outcome);
      return outcome.accepted();
    } catch (InterruptException e) {
      underWay.decrementAndGet();
      throw e;
    } catch (KafkaException | IllegalStateException e) {
      underWay.decrementAndGet();
      if (!closed) {
        watch.fails("the client takes nothing more: " + KafkaFailure.said(e));
      }
      return true;
    }
  }

  /** Hears what becomes of one message, once. */
  private final class Outcome implements Callback {
    private final Parcel parcel;
    private final Thread sender = Thread.currentThread();
    private boolean handing = true;
    private boolean waits;

    Outcome(Parcel parcel) {
      this.parcel = parcel;
    }

    /** Called by the sender alone, and so are the fields. */
    boolean accepted() {
      handing = false;
      return !waits;
    }

    @Override
    public void onCompletion(RecordMetadata stored, @Nullable Exception problem) {
      underWay.decrementAndGet();
      if (Thread.currentThread() == sender && handing && problem instanceof TimeoutException) {
        waits = true;
      } else if (!closed) {
        Defect.guard(() -> told(parcel, problem), parcel.events()::broken);
      }
    }
  }

  private void told(Parcel parcel, @Nullable Exception problem) {
    if (problem == null) {
      parcel.taken();
      return;
    }
    switch (Verdict.of(problem)) {
      case REFUSED -> parcel.refused("the broker refuses it: " + KafkaFailure.said(problem));
      case FATAL -> watch.fails("the broker refuses the producer: " + KafkaFailure.said(problem));
      case LATER -> parcel.later(late(problem));
      case NEIGHBOUR -> {
        if (parcel.tries() < MAX_TRIES && !late(parcel, System.nanoTime())) {
          arrivals.add(parcel.again());
        } else {
          parcel.later("other messages of its batch are refused again and again");
        }
      }
    }
  }

  private String late(Exception problem) {
    String obstacle = nodes.words();
    String words =
        problem instanceof TimeoutException
            ? "the cluster has not taken it within " + patience.delivery().toMillis() + " ms"
            : "the broker says: " + KafkaFailure.said(problem);
    return obstacle == null ? words : words + " (" + obstacle + ")";
  }

  // On the library's thread. ----------------------------------------------------------------------

  @Override
  public long before(long millis) {
    if (closed) {
      return millis;
    }
    for (Parcel each = arrivals.poll(); each != null; each = arrivals.poll()) {
      sort(each);
    }
    long now = System.nanoTime();
    if (!forTopics.isEmpty()
        && (lookedVersion != metadata.updateVersion()
            || now - lookedNanos >= LOOK_MILLIS * 1_000_000)) {
      lookedVersion = metadata.updateVersion();
      lookedNanos = now;
      lookAtTopics(now);
    }
    sendWaiting(now);
    boolean idle = forRoom.isEmpty() && forTopics.isEmpty() && underWay.get() == 0;
    return idle ? millis : Math.min(millis, LOOK_MILLIS);
  }

  private void sort(Parcel parcel) {
    if (metadata.knows(parcel.topic())) {
      forRoom.add(parcel);
    } else {
      forTopics
          .computeIfAbsent(
              parcel.topic(),
              topic -> new Unknown(metadata.lookFor(topic), System.nanoTime(), new ArrayList<>()))
          .parcels()
          .add(parcel);
    }
  }

  private void lookAtTopics(long now) {
    Iterator<Map.Entry<String, Unknown>> topics = forTopics.entrySet().iterator();
    while (topics.hasNext()) {
      Map.Entry<String, Unknown> each = topics.next();
      if (metadata.knows(each.getKey())) {
        forRoom.addAll(each.getValue().parcels());
        topics.remove();
      } else if (judged(each.getKey(), each.getValue(), now)) {
        topics.remove();
      }
    }
  }

  /** What is to become of messages for a topic that is not known: false to go on waiting. */
  private boolean judged(String topic, Unknown unknown, long now) {
    Errors said = metadata.updateVersion() > unknown.version() ? metadata.saidOf(topic) : null;
    boolean late = now - unknown.sinceNanos() > topicLimit.toNanos();
    if (said == Errors.TOPIC_AUTHORIZATION_FAILED) {
      refuse(unknown, "the cluster does not let this login write to the topic '" + topic + "'");
    } else if (said == Errors.INVALID_TOPIC_EXCEPTION) {
      refuse(unknown, "the cluster takes no topic '" + topic + "'");
    } else if (late && said == Errors.UNKNOWN_TOPIC_OR_PARTITION) {
      refuse(unknown, "the cluster has no topic '" + topic + "'");
    } else if (late) {
      String obstacle = nodes.words();
      String words =
          "nothing is known of the topic '"
              + topic
              + "' yet"
              + (said == null ? "" : ": " + said.message())
              + (obstacle == null ? "" : " (" + obstacle + ")");
      unknown.parcels().forEach(parcel -> parcel.later(words));
    } else {
      return false;
    }
    return true;
  }

  private static void refuse(Unknown unknown, String why) {
    unknown.parcels().forEach(parcel -> parcel.refused(why));
  }

  /** Whether it is too late to hand a message to the library. */
  private boolean late(Parcel parcel, long now) {
    return now - parcel.sinceNanos() >= patience.waiting().toNanos();
  }

  private void sendWaiting(long now) {
    for (Parcel next = forRoom.peek(); next != null; next = forRoom.peek()) {
      crowded = true;
      boolean known = metadata.knows(next.topic());
      if (known && !next.over().get() && !offer(next)) {
        if (!late(next, now)) {
          return;
        }
        next.later("the cluster is slow: the buffer for it has been full for too long");
      }
      forRoom.remove();
      if (!known) {
        arrivals.add(next);
      }
    }
    crowded = false;
  }

  @Override
  public void after() {
    if (!closed && nodes.gone(metadata.fetch().nodes().size())) {
      watch.fails(String.valueOf(nodes.words()));
    }
  }

  @Override
  public void died(String why) {
    watch.fails(why);
  }
}
