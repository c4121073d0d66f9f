// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.threads.Errors;
import dev.outboxrelay.threads.EventLoops;
import dev.outboxrelay.values.Message;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the transports over TCP share: one small group of event loops, the threads for what may
 * block, the way to make connections, and the sinks that are open. Threads do not grow with
 * destinations.
 */
public final class Sockets implements AutoCloseable {

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

  private static final Logger LOG = LoggerFactory.getLogger(Sockets.class);

  private final EventLoopGroup loops;
  private final ThreadPoolExecutor resolver;
  private final Dialer dialer;
  private final Set<Tracked> open = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /** Opens a sink; what it throws is the reason why there is none. */
  public interface Opening {
    /**
     * Starts to connect, and returns at once.
     *
     * @param loop the one that the sink is to live on
     * @param listener to be told
     */
    Sink open(EventLoop loop, SinkListener listener);
  }

  /**
   * @param threads event loops, 1 or 2 serve hundreds of destinations
   * @param policy where connections may go
   */
  public Sockets(int threads, AddressPolicy policy) {
    this(threads, policy, InetAddress::getAllByName);
  }

  Sockets(int threads, AddressPolicy policy, Dialer.Resolver names) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads is " + threads + ", need 1 or more");
    }
    this.loops = EventLoops.group(threads, "sink");
    this.loops.forEach(loop -> loop.terminationFuture().addListener(end -> loopEnded()));
    // The queue holds at most one lookup a connection that is being made.
    this.resolver =
        new ThreadPoolExecutor(
            RESOLVER_THREADS,
            RESOLVER_THREADS,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            new DefaultThreadFactory("resolver", true));
    this.resolver.allowCoreThreadTimeOut(true);
    this.dialer = new Dialer(policy, names, resolver);
  }

  /** Makes connections. */
  public Dialer dialer() {
    return dialer;
  }

  /** Runs what may block, such as reading a file. */
  public void elsewhere(Runnable task) {
    resolver.execute(task);
  }

  /**
   * Opens a sink for a destination.
   *
   * @param name the destination's, for the log
   * @param listener hears what comes of it, and the end once
   */
  public Sink connect(String name, SinkListener listener, Opening opening) {
    EventLoop loop = loops.next();
    Tracked tracked = new Tracked(listener);
    open.add(tracked);
    if (closed || loop.isShuttingDown()) {
      tracked.closed(closed ? STOPPING : LOOP_ENDED, Fault.UNREACHABLE);
      return tracked;
    }
    try {
      tracked.sink = opening.open(loop, tracked);
    } catch (IllegalArgumentException e) {
      refuse(tracked, loop, String.valueOf(e.getMessage()));
    } catch (RejectedExecutionException e) {
      tracked.closed(closed ? STOPPING : LOOP_ENDED, Fault.UNREACHABLE);
    } catch (RuntimeException | Error e) {
      Errors.report(e);
      LOG.error("{}: no connection after an error", name, e);
      refuse(tracked, loop, Errors.words(e));
    }
    return tracked;
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

  /** Asks each event loop to run a task; completes when all have. */
  public CompletableFuture<?> pulse() {
    List<CompletableFuture<?>> all = new ArrayList<>();
    for (EventExecutor loop : loops) {
      CompletableFuture<Boolean> ran = new CompletableFuture<>();
      loop.execute(() -> ran.complete(true));
      all.add(ran);
    }
    return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new));
  }

  EventLoopGroup loops() {
    return loops;
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
