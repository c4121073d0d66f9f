// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.broker;

import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.threads.Errors;
import dev.outboxrelay.values.Message;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to a cluster, from the first destination on it to the last, or to its loss. All
 * calls of the client library are made on its one thread, so that a library that blocks holds up
 * this cluster alone.
 */
final class Cluster {
  private static final Logger LOG = LoggerFactory.getLogger(Cluster.class);
  private static final long THREAD_IDLE_SECONDS = 10;

  private final String name;
  private final BrokerClient.Maker maker;
  private final Executor closing;
  private final Consumer<Cluster> gone;

  /** Its queue holds what the sinks have been handed, which the relay bounds. */
  private final ThreadPoolExecutor thread;

  // Guarded by the monitor, under which nothing blocks.
  private final Set<Member> sinks = new HashSet<>();
  private @Nullable BrokerClient client;
  private boolean over;

  private volatile long answeredNanos = System.nanoTime();

  /**
   * @param closing what closes clients, when the thread may be stuck in one
   * @param gone told once, when nobody may join any more
   */
  Cluster(String name, BrokerClient.Maker maker, Executor closing, Consumer<Cluster> gone) {
    this.name = name;
    this.maker = maker;
    this.closing = closing;
    this.gone = gone;
    thread =
        new ThreadPoolExecutor(
            1,
            1,
            THREAD_IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            new DefaultThreadFactory(name, true));
    thread.allowCoreThreadTimeOut(true);
  }

  /** Takes a destination in, or says that it is too late. */
  synchronized boolean join(Member sink) {
    if (over) {
      return false;
    }
    sinks.add(sink);
    onThread(() -> open(sink));
    return true;
  }

  private void open(Member sink) {
    BrokerClient connected = connected();
    if (connected == null || sink.isOver()) {
      return;
    }
    try {
      sink.stood(connected.open(sink.destination(), sink));
    } catch (IOException | IllegalArgumentException e) {
      sink.ended(name + ": " + e.getMessage(), Fault.UNREACHABLE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      LOG.error("{}: no connection after an error", name, e);
      sink.broken(e);
    }
  }

  private @Nullable BrokerClient connected() {
    synchronized (this) {
      if (over || client != null) {
        return client;
      }
    }
    try {
      BrokerClient made = maker.connect(lost());
      synchronized (this) {
        if (!over) {
          client = made;
          return made;
        }
      }
      made.close();
    } catch (IOException | IllegalArgumentException e) {
      end(name + ": " + e.getMessage(), Fault.UNREACHABLE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      Errors.report(e);
      LOG.error("{}: no connection after an error", name, e);
      end(name + ": " + Errors.words(e), Fault.UNREACHABLE);
    }
    return null;
  }

  /** Hands messages to the client. */
  void publish(Member sink, Lane lane, List<Message> messages) {
    onThread(
        () -> {
          for (Message message : messages) {
            if (sink.isOver() || !publish(sink, lane, message)) {
              return;
            }
          }
        });
  }

  private boolean publish(Member sink, Lane lane, Message message) {
    try {
      lane.publish(message);
      return true;
    } catch (IllegalArgumentException e) {
      sink.refused(message, String.valueOf(e.getMessage()));
      return true;
    } catch (IOException e) {
      sink.ended(String.valueOf(e.getMessage()), Fault.LOST);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      LOG.error("{}: a message could not be handed over", name, e);
      sink.broken(e);
    }
    return false;
  }

  /** The broker has answered somebody. */
  void answered() {
    answeredNanos = System.nanoTime();
  }

  /** Whether it has answered anybody since then. */
  boolean answeredSince(long nanos) {
    return answeredNanos - nanos > 0;
  }

  /** A destination is done with it. The last one closes it. */
  void leave(Member sink, @Nullable Lane lane) {
    boolean last;
    synchronized (this) {
      if (!sinks.remove(sink) || over) {
        return;
      }
      last = sinks.isEmpty();
    }
    if (lane != null) {
      onThread(lane::close);
    }
    if (last) {
      onThread(this::endIfUnused);
    }
  }

  /** A lane that was opened too late. */
  void discard(Lane lane) {
    onThread(lane::close);
  }

  private void endIfUnused() {
    synchronized (this) {
      if (!sinks.isEmpty()) {
        return;
      }
    }
    end("nobody uses it", Fault.NONE);
  }

  private BrokerClient.Lost lost() {
    return new BrokerClient.Lost() {
      @Override
      public void lost(String reason) {
        Cluster.this.lost(reason);
      }

      @Override
      public void down(String reason) {
        end(name + ": " + reason, Fault.NONE);
      }
    };
  }

  /**
   * The connection has ended, and with it all that is on it. Where several destinations had
   * messages on it, none of these can be told to have ended it.
   */
  private void lost(String reason) {
    long waiting;
    synchronized (this) {
      waiting = sinks.stream().filter(Member::isWaiting).count();
    }
    end(reason, waiting > 1 ? Fault.NONE : Fault.LOST);
  }

  /** It does not answer: it is slow, which no message is to blame for. */
  void silent(String reason) {
    end(reason, Fault.NONE);
  }

  private void end(String reason, Fault fault) {
    List<Member> left;
    BrokerClient ended;
    synchronized (this) {
      if (over) {
        return;
      }
      over = true;
      left = List.copyOf(sinks);
      ended = client;
      client = null;
    }
    gone.accept(this);
    left.forEach(sink -> sink.ended(reason, fault));
    thread.shutdownNow();
    if (ended != null) {
      close(ended);
    }
  }

  private void close(BrokerClient ended) {
    Runnable task =
        () -> {
          try {
            ended.close();
          } catch (RuntimeException | Error e) {
            Errors.report(e);
            LOG.warn("{}: could not be closed in order", name, e);
          }
        };
    try {
      closing.execute(task);
    } catch (RejectedExecutionException e) {
      task.run();
    }
  }

  /** The relay stops. */
  void stop() {
    end("the relay is stopping", Fault.NONE);
  }

  private void onThread(Runnable task) {
    try {
      thread.execute(task);
    } catch (RejectedExecutionException e) {
      LOG.debug("{} is over", name);
    }
  }
}
