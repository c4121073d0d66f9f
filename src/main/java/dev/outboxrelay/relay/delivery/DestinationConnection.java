// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.delivery;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.relay.loop.Backoff;
import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.relay.ordering.QueuedMessage;
import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.store.DestinationStore;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.threads.Errors;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Message;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A lane's connection: made on demand, made anew with backoff, probed while the destination is
 * down. Finds out which message killed it. Lives on the core.
 */
public final class DestinationConnection {
  /** Sent and unanswered, at most so many bytes, and one message more. */
  private static final long IN_FLIGHT_BYTES = 4L << 20;

  /** Messages in one call to the sink. */
  private static final int SEND_BATCH = 500;

  /** How soon, and how seldom, a destination that does not answer is tried again. */
  private static final Backoff RECONNECT =
      new Backoff(Duration.ofMillis(100), Duration.ofSeconds(5));

  /** Until the destination's new settings have arrived. */
  private static final Duration PAUSED_REST = Duration.ofSeconds(10);

  private static final Logger LOG = LoggerFactory.getLogger(DestinationConnection.class);

  private enum State {
    IDLE,
    CONNECTING,
    /** It stands, and nothing was answered on it. */
    UP,
    /** It stands, and something was answered on it. */
    ANSWERING,
    /** Waits until it may connect again. */
    RESTING
  }

  private final Destination destination;
  private final Scheduler loop;
  private final DatabaseWork databaseWork;
  private final MessageStore store;
  private final DestinationStore destinations;
  private final Transport transport;
  private final BooleanSupplier leaseHolds;
  private final RelayEvents events;
  private final ConnectionListener listener;
  private final InFlight inFlight = new InFlight();

  /** About to be sent; kept, so that no list is made anew. */
  private final List<QueuedMessage> taken = new ArrayList<>();

  private final SlowStart slowStart;
  private final Reports reports;
  private final AckTimer ackTimer;
  private final Slowdown slowdown;
  private final Allowance allowance;

  /** Null: as many as it takes. */
  private final @Nullable Rate rate;

  private Scheduler.@Nullable Timer rateTimer;

  private State state = State.IDLE;
  private @Nullable Sink sink;

  /** Grows with each connection: what an older one says is not heard. */
  private int connection;

  private Health health = Health.UNTOLD;
  private int failures;

  private final Suspects suspects = new Suspects();
  private boolean lookingAtSuspects;

  /** That the destination is paused is being written. */
  private boolean pausing;

  private Scheduler.@Nullable Timer restTimer;

  public DestinationConnection(
      Destination destination,
      Scheduler loop,
      DatabaseWork databaseWork,
      MessageStore store,
      DestinationStore destinations,
      Transport transport,
      BooleanSupplier leaseHolds,
      RelayEvents events,
      ConnectionListener listener) {
    this.destination = destination;
    this.loop = loop;
    this.databaseWork = databaseWork;
    this.store = store;
    this.destinations = destinations;
    this.transport = transport;
    this.leaseHolds = leaseHolds;
    this.events = events;
    this.listener = listener;
    slowStart =
        new SlowStart(Math.min(destination.maxInFlight(), transport.mostInFlight(destination)));
    reports = new Reports(destination.name(), databaseWork, destinations);
    ackTimer = new AckTimer(inFlight, destination.ackTimeout().toMillis(), loop, this::lose);
    slowdown = new Slowdown(destination, loop, listener::pump);
    allowance = new Allowance(destination.brakes().failureBudget());
    Integer maxRate = destination.brakes().maxRate();
    rate = maxRate == null ? null : new Rate(maxRate, loop.nanoTime());
  }

  /** It cannot be reached, or does not answer, which is reported. */
  public boolean isDown() {
    return health.isDown();
  }

  /** It takes no more at the moment, which is reported. */
  public boolean isSlowedDown() {
    return slowdown.isOn();
  }

  public int inFlight() {
    return inFlight.size();
  }

  /** Sends what may be sent of the messages that are ready. */
  public void send() {
    if (state == State.IDLE) {
      connect();
    }
    if (!isUp() || !leaseHolds.getAsBoolean()) {
      return;
    }
    while (takeBatch()) {
      List<Message> batch = new ArrayList<>(taken.size());
      long bytes = 0;
      long now = loop.nanoTime();
      for (QueuedMessage entry : taken) {
        entry.sentAtNanos = now;
        inFlight.add(entry);
        batch.add(entry.message);
        bytes += entry.message.body().length;
      }
      taken.clear();
      Sink current = sink;
      if (current != null) {
        if (!hand(batch, current)) {
          return;
        }
        listener.moves().sent(now);
        events.sent(destination.name(), batch.size(), bytes);
      }
    }
    ackTimer.arm();
  }

  private boolean isUp() {
    return state == State.UP || state == State.ANSWERING;
  }

  /** Takes off the queue what may fly, as much as goes in one call to the sink. */
  private boolean takeBatch() {
    int limit = Math.min(SEND_BATCH, slowStart.window() - inFlight.size());
    long bytes = IN_FLIGHT_BYTES - inFlight.bytes();
    if (slowdown.isOn() || pausing || limit <= 0 || bytes <= 0) {
      return false;
    }
    allowance.begin();
    if (rate == null) {
      listener.takeReady(limit, bytes, taken);
    } else {
      takeAtRate(rate, limit, bytes);
    }
    return !taken.isEmpty();
  }

  private void takeAtRate(Rate rate, int limit, long bytes) {
    long now = loop.nanoTime();
    int available = rate.available(now);
    if (available > 0) {
      listener.takeReady(Math.min(limit, available), bytes, taken);
      rate.sent(taken.size());
    } else if (rateTimer == null) {
      rateTimer =
          loop.schedule(
              rate.waitMillis(now),
              () -> {
                rateTimer = null;
                listener.pump();
              });
    }
  }

  /** A defect on the way to the connection is the end of this connection, and of nothing else. */
  private boolean hand(List<Message> batch, Sink to) {
    try {
      to.send(batch);
      return true;
    } catch (RuntimeException | Error e) {
      Errors.report(e);
      LOG.error("destination {}: messages could not be handed over", destination.name(), e);
      new Hearing(connection).closed(Errors.words(e), SinkListener.Fault.DEFECT);
      return false;
    }
  }

  /** Connects although nothing is to be sent: only then is it known how the destination does. */
  public void probe() {
    if (state == State.IDLE) {
      connect();
    }
  }

  private void connect() {
    state = State.CONNECTING;
    Hearing hearing = new Hearing(++connection);
    try {
      sink = transport.connect(destination, hearing);
    } catch (RuntimeException | Error e) {
      Errors.report(e);
      LOG.error("destination {}: no connection could be made", destination.name(), e);
      hearing.closed(Errors.words(e), SinkListener.Fault.UNREACHABLE);
    }
  }

  /** Brings what the transport says to the core. */
  private final class Hearing implements SinkListener {
    private final int number;

    Hearing(int number) {
      this.number = number;
    }

    private void onCore(Runnable task) {
      loop.execute(
          () -> {
            if (number == connection) {
              task.run();
            }
          });
    }

    @Override
    public void connected() {
      onCore(DestinationConnection.this::connected);
    }

    @Override
    public void answered(List<Answer> answers) {
      onCore(() -> DestinationConnection.this.answered(answers));
    }

    @Override
    public void closed(String reason, Fault fault) {
      onCore(() -> DestinationConnection.this.closed(reason, fault));
    }
  }

  private void connected() {
    state = State.UP;
    Health before = health;
    health = before.reached();
    if (health != before) {
      report(null); // also whatever an earlier owner, or earlier settings, have reported
    }
    if (before.isUnreachable()) {
      failures = 0;
      if (!health.isDown()) {
        events.up(destination.name());
      }
      listener.start();
    }
    listener.pump();
  }

  // What is answered. -----------------------------------------------------------------------------

  private void answered(List<Answer> answers) {
    int acknowledged = 0;
    for (Answer answer : answers) {
      if (answer instanceof Answer.Acked acked) {
        QueuedMessage entry = inFlight.remove(acked.id());
        if (entry == null) {
          unknown(acked);
          break;
        }
        events.delivered(
            destination.name(), entry.message.wireId(), loop.nanoTime() - entry.sentAtNanos);
        success(entry);
        acknowledged++;
      } else if (answer instanceof Answer.Nacked nacked) {
        QueuedMessage entry = inFlight.remove(nacked.id());
        if (entry == null) {
          unknown(nacked);
          break;
        }
        refused(entry, nacked);
      } else if (answer instanceof Answer.Deferred later) {
        QueuedMessage entry = inFlight.remove(later.id());
        if (entry == null) {
          unknown(later);
          break;
        }
        deferred(entry, later.reason(), later.retryAfter());
      } else if (answer instanceof Answer.Paused paused) {
        QueuedMessage entry = inFlight.remove(paused.id());
        if (entry == null) {
          unknown(paused);
          break;
        }
        paused(entry, paused.reason());
      } else {
        throw new IllegalStateException("the sink tells each message's answer, not " + answer);
      }
    }
    listener.moves().answered(inFlight.size() > 0, loop.nanoTime());
    if (acknowledged > 0) {
      events.acknowledged(destination.name(), acknowledged);
      listener.answersHeard();
    }
    ackTimer.arm();
    listener.pump();
  }

  /**
   * It takes no more at the moment. That is heard in the order of sending, so the message goes back
   * before those that were not sent yet; the next one goes alone.
   */
  private void deferred(QueuedMessage entry, String reason, @Nullable Duration retryAfter) {
    boolean news = !slowdown.isOn();
    rest(retryAfter);
    listener.deferred(entry);
    if (!news) {
      return;
    }
    String words = "takes no more at the moment: " + reason;
    if (slowdown.isLasting()) {
      health = health.silent();
      events.down(destination.name(), words, slowdown.millis());
    }
    report(words);
  }

  private void rest(@Nullable Duration asked) {
    heard();
    slowStart.died();
    slowdown.begin(asked);
  }

  /**
   * Refused. When the destination has refused too much already it is paused: a person is to look,
   * before all that is owed is set aside. What it refuses until then goes back, and nobody is
   * charged.
   */
  private void refused(QueuedMessage entry, Answer.Nacked nacked) {
    alive();
    long now = loop.nanoTime();
    if (allowance.allowsRefusal(now)) {
      listener.refused(entry, nacked.reason(), nacked.retry(), nacked.retryAfter());
      return;
    }
    String words =
        allowance.refusals()
            + " of its last "
            + allowance.answers()
            + " answers were refusals, failure_budget allows no more, and it refused: "
            + nacked.reason();
    Long oldest = allowance.oldestNanosAgo(now);
    pause(entry, words, oldest == null ? null : Duration.ofNanos(oldest));
  }

  /** It wants nothing until a person has looked. */
  private void paused(QueuedMessage entry, String reason) {
    pause(entry, "as its receiver has asked: " + reason, null);
  }

  /**
   * Pauses the destination. Whoever lets it go on at once is taken at his word.
   *
   * @param failing how long ago the first message was refused that may have failed; null: none was
   */
  private void pause(QueuedMessage entry, String reason, @Nullable Duration failing) {
    rest(PAUSED_REST);
    listener.paused(entry);
    if (pausing) {
      return;
    }
    pausing = true;
    LOG.warn("destination {} is paused: {}", destination.name(), reason);
    databaseWork.update(
        "pause of " + destination.name(),
        () -> destinations.pause(destination.name(), listener.epoch(), reason, failing),
        () -> {
          pausing = false;
          listener.pump();
        });
  }

  private void success(QueuedMessage entry) {
    alive();
    allowance.acknowledged();
    slowdown.delivered();
    slowStart.succeeded();
    listener.acknowledged(entry);
  }

  /** The receiver answers: it lives, so what died before was not its own fault. */
  private void alive() {
    heard();
    failures = 0;
    boolean wasDown = health.isDown();
    health = health.answered();
    if (wasDown) {
      report(null);
      events.up(destination.name());
    }
  }

  private void heard() {
    if (isUp()) {
      state = State.ANSWERING;
    }
    suspects.answered();
  }

  private void unknown(Answer answer) {
    lose(
        "the receiver answered for message "
            + answer.wireId()
            + ", which is not in flight on this connection (unknown, or answered twice)");
  }

  // How it ends. ----------------------------------------------------------------------------------

  /** Ends the connection for a reason of the relay's. */
  private void lose(String reason) {
    closed(reason, SinkListener.Fault.PROTOCOL);
  }

  private void closed(String reason, SinkListener.Fault fault) {
    boolean answered = state == State.ANSWERING;
    forgetConnection(reason);
    List<QueuedMessage> unanswered = inFlight.removeAll();
    if (fault == SinkListener.Fault.UNREACHABLE) {
      failures++;
      unreachable(reason);
      return;
    }
    if (fault == SinkListener.Fault.DEFECT) {
      failed(reason, unanswered, answered);
      return;
    }
    boolean atFault = fault != SinkListener.Fault.NONE;
    boolean calm = !atFault && (answered || unanswered.isEmpty());
    if (!calm) {
      events.connectionLost(destination.name(), reason, unanswered.size());
    }
    if (atFault && !unanswered.isEmpty()) {
      died(unanswered, reason, answered);
    } else {
      // What the connection was handed after its end was never written.
      listener.unanswered(unanswered);
      if (!calm && fault != SinkListener.Fault.PROTOCOL && !answered) {
        suspects.diedUnwritten();
      }
    }
    if (suspects.isMute()) {
      health = health.silent();
    }
    boolean silent = health.isSilent();
    if (!calm) {
      report(silent ? "accepts connections and answers nothing: " + reason : reason);
    }
    if (answered || calm) {
      state = State.IDLE;
      failures = 0;
    } else {
      failures++;
      long delayMillis = rest();
      if (silent) {
        events.down(destination.name(), reason, delayMillis);
      }
    }
    listener.pump();
  }

  /**
   * The relay itself failed. Down until the receiver has answered something: that the next
   * connection stands would not show that it serves. It may be a message that the relay fails at,
   * so the guilty one is looked for as if it killed its receiver.
   */
  private void failed(String reason, List<QueuedMessage> unanswered, boolean answered) {
    events.connectionLost(destination.name(), reason, unanswered.size());
    if (!unanswered.isEmpty()) {
      died(unanswered, reason, answered);
    }
    health = health.silent();
    report(reason);
    failures++;
    events.down(destination.name(), reason, rest());
    listener.pump();
  }

  private void forgetConnection(String reason) {
    connection++;
    Sink ended = sink;
    sink = null;
    if (ended != null) {
      ended.close(reason);
    }
    ackTimer.cancel();
  }

  /** It died with messages in flight: has the guilty one found, and carries the verdict out. */
  private void died(List<QueuedMessage> unanswered, String reason, boolean answered) {
    slowStart.died();
    Verdict verdict = suspects.died(unanswered, answered);
    if (verdict instanceof Verdict.Nobody nobody) {
      listener.unanswered(nobody.messages());
    } else if (verdict instanceof Verdict.Guilty guilty) {
      listener.refused(
          guilty.message(),
          "the connection ended while this message was alone in flight: " + reason,
          true,
          null);
    } else if (verdict instanceof Verdict.Receiver receiver) {
      listener.suspected(receiver.message());
      lookAtSuspects();
    }
  }

  /** A suspect that a person has discarded must not acquit the next one for ever. */
  private void lookAtSuspects() {
    if (lookingAtSuspects) {
      return;
    }
    lookingAtSuspects = true;
    List<Long> ids = suspects.ids();
    databaseWork.submit(
        "suspects of " + destination.name(),
        () -> store.standing(destination.name(), ids, true),
        standing -> {
          lookingAtSuspects = false;
          suspects.retain(ids, standing);
        });
  }

  private void unreachable(String reason) {
    boolean news = !health.isUnreachable();
    health = health.unreachable();
    if (news) {
      listener.reset();
    }
    report(reason);
    long delayMillis = rest();
    events.down(destination.name(), reason, delayMillis);
  }

  private long rest() {
    state = State.RESTING;
    long delayMillis = RECONNECT.delayMillis(Math.max(1, failures), loop.random());
    restTimer =
        loop.schedule(
            delayMillis,
            () -> {
              restTimer = null;
              state = State.IDLE;
              if (health.isUnreachable()) {
                connect();
              } else {
                listener.pump();
              }
            });
    return delayMillis;
  }

  private void report(@Nullable String error) {
    reports.add(health.isDown(), error);
  }

  /** Closes for good. */
  public void close(String reason) {
    forgetConnection(reason);
    slowdown.cancel();
    if (rateTimer != null) {
      rateTimer.cancel();
      rateTimer = null;
    }
    inFlight.removeAll();
    state = State.RESTING;
    if (restTimer != null) {
      restTimer.cancel();
      restTimer = null;
    }
  }
}
