// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.http;

import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.Secrets;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.sink.tcp.Defect;
import dev.outboxrelay.sink.tcp.DialOutcome;
import dev.outboxrelay.sink.tcp.ListenerGuard;
import dev.outboxrelay.sink.tcp.Route;
import dev.outboxrelay.sink.tcp.Sockets;
import dev.outboxrelay.sink.tcp.TlsFailure;
import dev.outboxrelay.threads.Errors;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Message;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A destination that is spoken to in HTTP: requests on a bounded number of kept connections. The
 * relay gives it one message of a key at a time, so requests may overtake each other.
 *
 * <p>A connection that has served before may have been closed just now: what was given to it is
 * sent once more, on another one. Whatever else ends without an answer ends the sink, so that the
 * relay finds out which message is to blame.
 *
 * <p>INVARIANT: every field that is not final is touched on the event loop only, and {@link #end}
 * is the only way out, so that the listener hears {@code closed} once and last.
 */
final class HttpSink implements Sink, DialOutcome, KeptConnection.Owner {

  private static final Logger LOG = LoggerFactory.getLogger(HttpSink.class);

  /** After a connection could not be made, others being there, the next try. */
  private static final long DIAL_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Destination destination;
  private final HttpOptions options;
  private final Route route;
  private final RequestWriter writer;
  private final Sockets sockets;
  private final Secrets secrets;
  private final EventLoop loop;
  private final ListenerGuard listener;
  private final Duration reread;
  private final Duration limit;

  private final Outbox outbox;
  private final Set<KeptConnection> all = new HashSet<>();
  private final ArrayDeque<KeptConnection> idle = new ArrayDeque<>();

  private @Nullable Credentials credentials;
  private int dialling;
  private boolean stood;
  private boolean ended;
  private boolean answeredOnce;
  private long answeredNanos;
  private long noDialBeforeNanos;

  HttpSink(
      Destination destination,
      HttpUri uri,
      HttpOptions options,
      Sockets sockets,
      Secrets secrets,
      Duration reread,
      EventLoop loop,
      SinkListener listener) {
    this.destination = destination;
    this.options = options;
    this.sockets = sockets;
    this.secrets = secrets;
    this.reread = reread;
    this.loop = loop;
    this.listener = new ListenerGuard(destination.name(), listener, this::broken);
    route = new Route(uri.endpoint(), options.tls(), destination.connectTimeout(), false);
    writer = new RequestWriter(uri, destination.format(), options.binary());
    outbox = new Outbox(options.batch());
    // Before the relay's own time is up, which would end everything that is under way.
    limit = destination.ackTimeout().multipliedBy(9).dividedBy(10);
    noDialBeforeNanos = System.nanoTime();
  }

  /** Reads the secrets, then makes the first connection. */
  void open() {
    sockets.elsewhere(() -> readSecrets(read -> this::dial));
  }

  /** Reads them again now and then. */
  private void rereadSecrets() {
    boolean named =
        !options.signingSecrets().isEmpty()
            || options.headers().stream().anyMatch(header -> header.secret());
    if (named && !ended) {
      loop.schedule(
          () ->
              Defect.guard(
                  () -> {
                    if (!ended) {
                      sockets.elsewhere(() -> readSecrets(read -> () -> {}));
                    }
                  },
                  this::broken),
          reread.toMillis(),
          TimeUnit.MILLISECONDS);
    }
  }

  /** On a thread that may block. */
  private void readSecrets(Function<Credentials, Runnable> then) {
    try {
      Credentials read = Credentials.read(options, secrets, route.endpoint().host());
      onLoop(
          () -> {
            credentials = read;
            rereadSecrets();
            then.apply(read).run();
          });
    } catch (IllegalArgumentException e) {
      String reason = route.endpoint() + ": " + e.getMessage();
      onLoop(() -> end(reason, Fault.UNREACHABLE));
    } catch (RuntimeException | Error e) {
      Errors.report(e);
      onLoop(() -> broken(e));
    }
  }

  @Override
  public void send(List<Message> messages) {
    List<Message> batch = List.copyOf(messages);
    onLoop(
        () -> {
          if (!ended) {
            outbox.add(batch);
            pump();
          }
        });
  }

  @Override
  public void close(String reason) {
    onLoop(() -> end(reason, Fault.NONE));
  }

  private void onLoop(Runnable work) {
    try {
      loop.execute(() -> Defect.guard(work, this::broken));
    } catch (RejectedExecutionException e) {
      LOG.debug("{}: the transport is closed", destination.name());
    }
  }

  // Connections. ----------------------------------------------------------------------------------

  private void dial() {
    if (!ended) {
      dialling++;
      sockets.dialer().dial(route, loop, this);
    }
  }

  @Override
  public void stood(Channel channel, long roundTripNanos) {
    dialling--;
    if (ended) {
      channel.close();
      return;
    }
    KeptConnection made = new KeptConnection(channel, this, limit, options.idleTimeout());
    if (!channel.isActive()) {
      notMade(route.endpoint() + ": the receiver closed the connection at once");
      return;
    }
    all.add(made);
    idle.add(made);
    if (!stood) {
      stood = true;
      listener.connected();
    }
    pump();
  }

  @Override
  public void failed(String reason) {
    dialling--;
    if (!ended) {
      notMade(reason);
    }
  }

  private void notMade(String reason) {
    if (all.isEmpty() && dialling == 0) {
      end(reason, Fault.UNREACHABLE);
      return;
    }
    // Those that there are serve what waits.
    noDialBeforeNanos = System.nanoTime() + DIAL_AGAIN_NANOS;
  }

  /** Hands out what waits, and makes connections for the rest. */
  private void pump() {
    Credentials now = credentials;
    if (now == null) {
      return; // no connection before it is known that it may be used
    }
    while (!ended && !outbox.isEmpty()) {
      KeptConnection free = idle.pollLast();
      if (free == null) {
        dialForTheRest();
        return;
      }
      if (!free.isOpen()) {
        continue;
      }
      Parcel parcel = outbox.next();
      if (parcel == null) {
        idle.add(free);
        return;
      }
      free.send(parcel, writer.request(parcel, now, Instant.now().getEpochSecond()));
    }
  }

  private void dialForTheRest() {
    boolean tooSoon = !all.isEmpty() && System.nanoTime() - noDialBeforeNanos < 0;
    int room = options.connections() - all.size();
    int wanted = tooSoon ? 0 : outbox.requests(room);
    while (dialling < wanted && !ended) {
      dial();
    }
  }

  // Answers. --------------------------------------------------------------------------------------

  @Override
  public void replied(KeptConnection connection, Parcel parcel, Reply reply, boolean reusable) {
    guarded(
        () -> {
          if (!reusable) {
            all.remove(connection);
          } else if (!ended) {
            idle.add(connection);
          }
          if (ended) {
            return;
          }
          answeredOnce = true;
          answeredNanos = System.nanoTime();
          judge(parcel, reply);
          pump();
        });
  }

  private void judge(Parcel parcel, Reply reply) {
    String words = words(reply);
    switch (reply.verdict()) {
      case DELIVERED -> answer(parcel, m -> new Answer.Acked(m.id(), m.stamp()));
      case DEFERRED ->
          answer(parcel, m -> new Answer.Deferred(m.id(), m.stamp(), words, reply.retryAfter()));
      case PAUSED -> answer(parcel, m -> new Answer.Paused(m.id(), m.stamp(), words));
      case REFUSED -> refuse(parcel, words, reply.retryAfter());
    }
  }

  private String words(Reply reply) {
    Credentials known = credentials;
    return known == null ? reply.words() : known.withoutSecrets(reply.words());
  }

  private void refuse(Parcel parcel, String words, @Nullable Duration retryAfter) {
    if (parcel.messages().size() > 1) {
      outbox.each(parcel);
      return;
    }
    answer(parcel, m -> new Answer.Nacked(m.id(), m.stamp(), words, true, retryAfter));
  }

  private void answer(Parcel parcel, Function<Message, Answer> answers) {
    List<Answer> all = new ArrayList<>(parcel.messages().size());
    parcel.messages().forEach(message -> all.add(answers.apply(message)));
    listener.answered(all);
  }

  @Override
  public void overdue(KeptConnection connection, Parcel parcel) {
    guarded(
        () -> {
          all.remove(connection);
          if (ended) {
            return;
          }
          String reason = "no answer within " + limit.toMillis() + " ms";
          if (answeredOnce && answeredNanos - connection.sentNanos() > 0) {
            // It serves others meanwhile: what takes so long is this request.
            refuse(parcel, reason + ", while other requests were answered", null);
            pump();
          } else {
            end(reason, Fault.LOST);
          }
        });
  }

  @Override
  public void ended(
      KeptConnection connection, @Nullable Parcel parcel, @Nullable Throwable why, boolean heard) {
    guarded(
        () -> {
          all.remove(connection);
          idle.remove(connection);
          if (ended) {
            return;
          }
          if (parcel == null) {
            pump();
          } else if (connection.served() > 0 && !heard && !parcel.again()) {
            // It was closed while nothing was on it; so may the others have been.
            List.copyOf(idle).forEach(KeptConnection::close);
            all.removeAll(idle);
            idle.clear();
            outbox.again(parcel);
            pump();
          } else {
            lost(connection, why);
          }
        });
  }

  private void lost(KeptConnection connection, @Nullable Throwable why) {
    if (why == null) {
      end("the receiver closed the connection without an answer", Fault.LOST);
      return;
    }
    String alert = TlsFailure.alert(why);
    if (alert != null) {
      end(alert, connection.served() > 0 ? Fault.LOST : Fault.UNREACHABLE);
      return;
    }
    Errors.report(why);
    if (Defect.is(why)) {
      broken(why);
      return;
    }
    boolean malformed = String.valueOf(why.getMessage()).startsWith("the answer");
    end(
        malformed ? String.valueOf(why.getMessage()) : "the connection broke: " + why.getMessage(),
        malformed ? Fault.PROTOCOL : Fault.LOST);
  }

  private void guarded(Runnable work) {
    Defect.guard(work, this::broken);
  }

  /** A fault of the relay's own: what the connections have missed is not known. */
  private void broken(Throwable problem) {
    end(Errors.words(problem), Fault.DEFECT);
    LOG.error("{}: its connections are closed after an error", destination.name(), problem);
  }

  private void end(String reason, Fault fault) {
    if (ended) {
      return;
    }
    ended = true;
    List.copyOf(all).forEach(KeptConnection::close);
    all.clear();
    idle.clear();
    listener.closed(reason, fault);
  }
}
