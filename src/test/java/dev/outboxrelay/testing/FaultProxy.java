// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A TCP proxy on loopback that misbehaves on command: the network between two processes. It
 * forwards what it gets until it is told to reset, to stall (packets are dropped: nothing passes
 * and nobody is told), to forget one side, or to delay.
 *
 * <p>Threads: one accepts, two a connection, one a direction.
 */
public final class FaultProxy implements AutoCloseable {

  /** The end of a connection that a fault is about. */
  public enum Side {
    /** Who connected to the proxy. */
    CLIENT,
    /** Whom the proxy connected to. */
    TARGET
  }

  private static final int BACKLOG = 512;
  private static final int CHUNK_BYTES = 16 * 1024;
  private static final int CONNECT_TIMEOUT_MILLIS = 2_000;
  private static final long UNLIMITED = Long.MAX_VALUE;

  private final Object monitor = new Object();
  private final Set<Pair> pairs = ConcurrentHashMap.newKeySet();
  private final AtomicInteger accepted = new AtomicInteger();
  private final AtomicLong bytesUntilCut = new AtomicLong(UNLIMITED);
  private volatile InetSocketAddress target;
  private final LoopbackListener listener;
  private volatile boolean stalled;
  private volatile boolean closed;
  private volatile Duration delay = Duration.ZERO;

  private FaultProxy(InetSocketAddress target) {
    this.target = target;
    this.listener = new LoopbackListener("proxy-accept", 0, BACKLOG, 0, this::accept);
    listener.open();
  }

  /** A proxy to this port on loopback. */
  public static FaultProxy to(int targetPort) {
    return new FaultProxy(new InetSocketAddress(InetAddress.getLoopbackAddress(), targetPort));
  }

  public int port() {
    return listener.port();
  }

  /** The proxy's address as {@code outbox.destination.uri} wants it. */
  public String uri() {
    return "tcp://127.0.0.1:" + port();
  }

  /** How many connections were ever accepted. */
  public int accepted() {
    return accepted.get();
  }

  /** How many connections are open. */
  public int open() {
    return pairs.size();
  }

  /** Resets both ends of every connection. New ones are served. */
  public void cut() {
    pairs.forEach(Pair::reset);
  }

  /** Resets every connection once so many more bytes have passed: inside a line, most likely. */
  public void cutAfterBytes(long bytes) {
    bytesUntilCut.set(bytes);
  }

  /** Whether {@link #cutAfterBytes} is still to come. */
  public boolean cutPending() {
    return bytesUntilCut.get() != UNLIMITED;
  }

  /** Passes nothing in either direction, and tells nobody, until {@link #resume}. */
  public void stall() {
    stalled = true;
  }

  /** Ends {@link #stall}: what was on its way arrives. */
  public void resume() {
    synchronized (monitor) {
      stalled = false;
      monitor.notifyAll();
    }
  }

  /**
   * Makes every connection half-open: the side that is left is never told, and whatever it sends
   * goes nowhere; the other side is reset. New connections are served.
   */
  public void halfOpen(Side left) {
    pairs.forEach(pair -> pair.abandon(left));
  }

  /** Holds every chunk back for this long, in each direction. */
  public void delay(Duration each) {
    delay = each;
  }

  /** Leads connections to come to another port, as a proxy or a name does after a failover. */
  public void redirect(int targetPort) {
    target = new InetSocketAddress(InetAddress.getLoopbackAddress(), targetPort);
  }

  /** Stops listening: new connections are refused. The open ones stay. */
  public void refuse() {
    listener.close();
  }

  /** Ends {@link #refuse}. */
  public void listen() {
    if (!closed) {
      listener.open();
    }
  }

  /** Everything as at the start, for connections to come; the half-open ones stay as they are. */
  public void heal() {
    delay = Duration.ZERO;
    bytesUntilCut.set(UNLIMITED);
    resume();
    listen();
  }

  @Override
  public void close() {
    closed = true;
    refuse();
    cut();
    resume();
  }

  private void accept(Socket client) {
    accepted.incrementAndGet();
    Threads.daemons("proxy-connect").newThread(() -> join(client)).start();
  }

  private void join(Socket client) {
    Pair pair = new Pair(client, new Socket());
    pairs.add(pair);
    try {
      awaitPassage(pair);
      client.setTcpNoDelay(true);
      pair.upstream.setTcpNoDelay(true);
      pair.upstream.connect(target, CONNECT_TIMEOUT_MILLIS);
      Threads.daemons("proxy-up").newThread(() -> pair.pump(client, pair.upstream)).start();
      Threads.daemons("proxy-down").newThread(() -> pair.pump(pair.upstream, client)).start();
    } catch (IOException e) {
      pair.reset();
    } catch (InterruptedException e) {
      pair.reset();
      Thread.currentThread().interrupt();
    }
  }

  private void awaitPassage(Pair pair) throws InterruptedException {
    Duration pause = delay;
    synchronized (monitor) {
      if (!pause.isZero()) {
        TimeUnit.NANOSECONDS.timedWait(monitor, pause.toNanos());
      }
      while (stalled && !pair.over) {
        monitor.wait(1_000);
      }
    }
  }

  private static void closeQuietly(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception e) {
      // It is gone either way.
    }
  }

  /** A client's connection and the one made for it. */
  private final class Pair {
    private final Socket client;
    private final Socket upstream;
    private volatile boolean over;
    private volatile boolean abandoned;

    private Pair(Socket client, Socket upstream) {
      this.client = client;
      this.upstream = upstream;
    }

    private void pump(Socket from, Socket to) {
      byte[] chunk = new byte[CHUNK_BYTES];
      try {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        while (true) {
          awaitPassage(this);
          int count = in.read(chunk);
          awaitPassage(this);
          if (abandoned) {
            continueIntoNothing(in, chunk);
            return;
          }
          if (count < 0) {
            to.shutdownOutput();
            return;
          }
          long left = bytesUntilCut.get();
          if (left != UNLIMITED && bytesUntilCut.addAndGet(-count) < 0) {
            out.write(chunk, 0, (int) Math.max(0, Math.min(left, count)));
            bytesUntilCut.set(UNLIMITED);
            cut();
            return;
          }
          out.write(chunk, 0, count);
        }
      } catch (IOException e) {
        if (!abandoned) {
          reset();
        }
      } catch (InterruptedException e) {
        reset();
        Thread.currentThread().interrupt();
      } finally {
        if (!abandoned && client.isOutputShutdown() && upstream.isOutputShutdown()) {
          finish();
        }
      }
    }

    /** The side that is left talks to nobody: its bytes are taken from it and dropped. */
    private void continueIntoNothing(InputStream in, byte[] chunk) {
      try {
        int count = 0;
        while (count >= 0) {
          count = in.read(chunk);
        }
      } catch (IOException e) {
        // It has given up as well.
      }
      reset();
    }

    private void abandon(Side left) {
      abandoned = true;
      resetSocket(left == Side.CLIENT ? upstream : client);
    }

    /** Both directions have ended in order. */
    private void finish() {
      over = true;
      pairs.remove(this);
      closeQuietly(client);
      closeQuietly(upstream);
    }

    private void reset() {
      over = true;
      pairs.remove(this);
      resetSocket(client);
      resetSocket(upstream);
    }

    private void resetSocket(Socket socket) {
      try {
        socket.setSoLinger(true, 0);
      } catch (IOException e) {
        // Already closed.
      }
      closeQuietly(socket);
    }
  }
}
