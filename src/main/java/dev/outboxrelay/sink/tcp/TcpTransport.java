package dev.outboxrelay.sink.tcp;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.threads.Errors;
import dev.outboxrelay.threads.EventLoops;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import dev.outboxrelay.values.Message;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Connections over TCP, all on one small group of event loops. */
public final class TcpTransport implements Transport {

  /**
   * Names are looked up on these, made when needed; a lookup may block for seconds, and should not
   * hold up the destinations whose names are answered.
   */
  private static final int RESOLVER_THREADS = 16;

  /** As much as the table keeps. */
  private static final int MAX_REASON_CHARS = 1_000;

  private static final String STOPPING = "the relay is stopping";
  private static final String LOOP_ENDED =
      "a thread that serves connections has ended, which is a defect: the relay must be restarted";

  private static final Logger LOG = LoggerFactory.getLogger(TcpTransport.class);

  private final EventLoopGroup loops;
  private final ThreadPoolExecutor resolver;
  private final Dialer dialer;
  private final Patience patience;
  private final Lingering lingering = new Lingering();
  private final Set<Tracked> open = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /**
   * @param threads event loops, 1 or 2 serve hundreds of destinations
   * @param policy where connections may go
   */
  public TcpTransport(int threads, AddressPolicy policy) {
    this(threads, policy, InetAddress::getAllByName);
  }

  TcpTransport(int threads, AddressPolicy policy, Dialer.Resolver names) {
    this(threads, policy, names, Patience.DEFAULT);
  }

  TcpTransport(int threads, AddressPolicy policy, Dialer.Resolver names, Patience patience) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads is " + threads + ", need 1 or more");
    }
    this.loops = EventLoops.group(threads, "sink");
    this.loops.forEach(loop -> loop.terminationFuture().addListener(end -> loopEnded()));
    // The queue holds at most one lookup a destination.
    this.resolver =
        new ThreadPoolExecutor(
            RESOLVER_THREADS,
            RESOLVER_THREADS,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            new DefaultThreadFactory("resolver", true));
    this.resolver.allowCoreThreadTimeOut(true);
    this.patience = patience;
    this.dialer = new Dialer(policy, names, resolver);
  }

  @Override
  public Sink connect(Destination destination, SinkListener listener) {
    EventLoop loop = loops.next();
    Tracked tracked = new Tracked(listener);
    open.add(tracked);
    if (closed || loop.isShuttingDown()) {
      tracked.closed(closed ? STOPPING : LOOP_ENDED, Fault.UNREACHABLE);
      return tracked;
    }
    try {
      tracked.sink = open(destination, loop, tracked);
    } catch (IllegalArgumentException e) {
      refuse(tracked, loop, String.valueOf(e.getMessage()));
    } catch (RejectedExecutionException e) {
      tracked.closed(closed ? STOPPING : LOOP_ENDED, Fault.UNREACHABLE);
    } catch (RuntimeException | Error e) {
      Errors.report(e);
      LOG.error("{}: no connection after an error", destination.name(), e);
      refuse(tracked, loop, Errors.words(e));
    }
    return tracked;
  }

  /**
   * Connects as {@link #connect} does, and leaves to the caller what is said.
   *
   * @param patience how long each of its calls may wait
   * @throws IOException when there is no connection, in words
   */
  public BareConnection bare(Destination destination, Duration patience)
      throws IOException, InterruptedException {
    CompletableFuture<Channel> made = new CompletableFuture<>();
    DialOutcome outcome =
        new DialOutcome() {
          @Override
          public void stood(Channel channel, long roundTripNanos) {
            made.complete(channel);
          }

          @Override
          public void failed(String reason) {
            made.completeExceptionally(new IOException(reason));
          }
        };
    dialer.dial(route(destination, TcpOptions.parse(destination.options())), loops.next(), outcome);
    try {
      return new BareConnection(made.get(), patience);
    } catch (ExecutionException e) {
      throw new IOException(e.getCause().getMessage(), e);
    }
  }

  private static Route route(Destination destination, TcpOptions options) {
    Endpoint endpoint = Endpoint.parse(destination.uri());
    WirePairs.check(endpoint, options.tls());
    return new Route(
        endpoint, options.tls(), destination.connectTimeout(), destination.ack() == Ack.NONE);
  }

  private void refuse(Tracked tracked, EventLoop loop, String reason) {
    try {
      loop.execute(() -> tracked.closed(reason, Fault.UNREACHABLE));
    } catch (RejectedExecutionException e) {
      tracked.closed(reason, Fault.UNREACHABLE);
    }
  }

  /** Nothing ends a loop but the transport's own end. If it comes about, nobody waits for ever. */
  private void loopEnded() {
    if (!closed) {
      LOG.error(LOOP_ENDED);
      open.forEach(sink -> sink.closed(LOOP_ENDED, Fault.DEFECT));
      Errors.threadEnded("a thread that serves connections");
    }
  }

  private Sink open(Destination destination, EventLoop loop, SinkListener listener) {
    WirePairs.check(destination);
    TcpOptions options = TcpOptions.parse(destination.options());
    WirePairs.check(destination, options);
    Route route = route(destination, options);
    String name = destination.name();
    Framing framing = destination.framing();
    Ack ack = destination.ack();
    if (ack == Ack.CLOSE || framing == Framing.RAW) {
      ConversationSink sink =
          new ConversationSink(
              name, framing, ack, route, dialer, lingering, patience, loop, listener);
      sink.open();
      return sink;
    }
    PersistentSink sink =
        new PersistentSink(name, framing, ack, options.idleTimeout(), loop, listener);
    dialer.dial(route, loop, sink);
    return sink;
  }

  @Override
  public void close() {
    closed = true;
    open.forEach(sink -> sink.close(STOPPING));
    resolver.shutdownNow();
    loops.shutdownGracefully(0, 900, TimeUnit.MILLISECONDS);
    try {
      loops.terminationFuture().await(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // Whoever was being connected while the loops ended has not heard of it.
    open.forEach(sink -> sink.closed(STOPPING, Fault.NONE));
  }

  EventLoopGroup loops() {
    return loops;
  }

  /** How many connections have done their work and wait for the receiver's close. */
  int lingering() {
    return lingering.count();
  }

  /** What the relay holds and hears of one connection; sees to it that the end is told once. */
  private final class Tracked implements Sink, SinkListener {

    private final SinkListener listener;
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile @Nullable Sink sink;

    Tracked(SinkListener listener) {
      this.listener = listener;
    }

    @Override
    public void send(List<Message> messages) {
      Sink to = sink;
      if (to != null) {
        to.send(messages);
      }
    }

    @Override
    public void close(String reason) {
      Sink to = sink;
      if (to != null) {
        to.close(reason);
      }
    }

    @Override
    public void connected() {
      listener.connected();
    }

    @Override
    public void answered(List<Answer> answers) {
      listener.answered(answers);
    }

    @Override
    public void closed(String reason, Fault fault) {
      if (ended.compareAndSet(false, true)) {
        open.remove(this);
        listener.closed(Printable.text(reason, MAX_REASON_CHARS), fault);
      }
    }
  }
}
