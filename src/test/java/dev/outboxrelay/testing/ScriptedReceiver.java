// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * A TCP receiver that does what it is told: the one test double of the network's far end. A {@link
 * Script} decides what each line is answered with; the methods here do to all connections at once
 * what networks and crashing programs do. It keeps its port when it stops listening and listens
 * again.
 *
 * <p>Threads: one accepts, one a connection reads and runs the script, one a receiver sends delayed
 * answers.
 */
public final class ScriptedReceiver implements AutoCloseable {

  /** Decides what a line is answered with. Called on the connection's thread. */
  public interface Script {
    Reply replyTo(Line line);
  }

  /**
   * A line as it came.
   *
   * @param connection 1 for the first connection that this receiver accepted
   * @param sequence 1 for the first line that this receiver read, over all connections
   * @param nanos {@link System#nanoTime} of the arrival
   * @param text without the line break
   */
  public record Line(int connection, long sequence, long nanos, String text) {
    /** The message's id, taken from the text. */
    public String id() {
      return Wire.id(text);
    }
  }

  /**
   * A receive buffer so small that a peer notices within some tens of kilobytes that nobody reads.
   */
  private static final int SMALL_BUFFER_BYTES = 32 * 1024;

  private static final int BACKLOG = 128;

  private static final int CHUNK_BYTES = 64 * 1024;

  private static final int LONGEST_LINE_BYTES = 64 * 1024 * 1024;

  private final Object monitor = new Object();
  private final List<Line> lines = new ArrayList<>();
  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
  private final AtomicInteger accepted = new AtomicInteger();
  private final AtomicLong read = new AtomicLong();
  private final ScheduledExecutorService delayed =
      Executors.newSingleThreadScheduledExecutor(Threads.daemons("receiver-delayed"));
  private final LoopbackListener listener;
  private final boolean keepLines;
  private volatile Script script;
  private volatile boolean readingStalled;
  private volatile boolean closed;

  private ScriptedReceiver(Script script, boolean keepLines, int port) {
    this.script = script;
    this.keepLines = keepLines;
    this.listener =
        new LoopbackListener("receiver-accept", port, BACKLOG, SMALL_BUFFER_BYTES, this::accept);
    listener.open();
  }

  /** A receiver that acknowledges every line. */
  public static ScriptedReceiver start() {
    return start(line -> Reply.ack());
  }

  /** A receiver that answers as the script says and keeps every line. */
  public static ScriptedReceiver start(Script script) {
    return start(script, true, 0);
  }

  /** A receiver that keeps no line: for tests with more lines than fit into memory. */
  public static ScriptedReceiver startKeepingNothing(Script script) {
    return start(script, false, 0);
  }

  private static ScriptedReceiver start(Script script, boolean keepLines, int port) {
    return new ScriptedReceiver(script, keepLines, port);
  }

  public int port() {
    return listener.port();
  }

  /** The address as {@code outbox.destination.uri} wants it. */
  public String uri() {
    return "tcp://127.0.0.1:" + port();
  }

  /** Changes what later lines are answered with. */
  public void script(Script next) {
    script = next;
  }

  /** How many connections were ever accepted. */
  public int accepted() {
    return accepted.get();
  }

  /** How many connections are open. */
  public int open() {
    return connections.size();
  }

  /** How many lines were ever read. */
  public long count() {
    return read.get();
  }

  /** A copy of the lines kept so far. */
  public List<Line> lines() {
    synchronized (monitor) {
      return new ArrayList<>(lines);
    }
  }

  /** Waits until so many lines were read. */
  public List<Line> awaitLines(int count, Duration atMost) throws Exception {
    return await(
        all -> all.size() >= count, atMost, () -> count + " lines, have " + lines().size());
  }

  /** Waits until the condition holds for the lines kept so far. */
  public List<Line> await(Predicate<List<Line>> condition, Duration atMost, Supplier<String> what)
      throws InterruptedException, TimeoutException {
    long deadline = System.nanoTime() + atMost.toNanos();
    synchronized (monitor) {
      while (!condition.test(lines)) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          throw new TimeoutException("not within " + atMost + ": " + what.get());
        }
        TimeUnit.NANOSECONDS.timedWait(monitor, left);
      }
      return new ArrayList<>(lines);
    }
  }

  /** Reads nothing more, and says nothing, until {@link #resumeReading}. */
  public void stallReading() {
    readingStalled = true;
  }

  /** Ends {@link #stallReading}. */
  public void resumeReading() {
    synchronized (monitor) {
      readingStalled = false;
      monitor.notifyAll();
    }
  }

  /** Resets every connection; goes on listening. */
  public void cut() {
    connections.forEach(Connection::reset);
  }

  /** Ends the sending side of every connection; goes on reading. */
  public void halfClose() {
    connections.forEach(Connection::halfClose);
  }

  /** Writes these bytes to every connection, whatever they are. */
  public void say(String text) {
    connections.forEach(connection -> connection.write(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** Stops listening: new connections are refused. The open ones stay. */
  public void refuse() {
    listener.close();
  }

  /** Listens again, on the same port, after {@link #refuse} or {@link #crash}. */
  public void listen() {
    if (!closed) {
      listener.open();
    }
  }

  /** What a crashing program looks like from outside: no listener, every connection reset. */
  public void crash() {
    refuse();
    cut();
  }

  @Override
  public void close() {
    closed = true;
    crash();
    resumeReading();
    delayed.shutdownNow();
  }

  private void accept(Socket socket) throws IOException {
    Connection connection = new Connection(socket, accepted.incrementAndGet());
    connections.add(connection);
    Threads.daemons("receiver-connection").newThread(connection::serve).start();
  }

  private static void closeQuietly(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception e) {
      // It is gone either way.
    }
  }

  /** One accepted connection: what a {@link Reply} acts on. Used by replies alone. */
  public final class Connection {
    private final Socket socket;
    private final int number;
    private final ByteArrayOutputStream unsent = new ByteArrayOutputStream();

    private Connection(Socket socket, int number) throws IOException {
      this.socket = socket;
      this.number = number;
      socket.setTcpNoDelay(true);
    }

    private void serve() {
      try (socket) {
        InputStream in = socket.getInputStream();
        byte[] chunk = new byte[CHUNK_BYTES];
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (true) {
          flush();
          awaitReading();
          int count = in.read(chunk);
          if (count < 0) {
            break;
          }
          takeLines(chunk, count, line);
        }
      } catch (IOException e) {
        // The connection is gone, which is what most tests are about.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        connections.remove(this);
        synchronized (monitor) {
          monitor.notifyAll();
        }
      }
    }

    private void takeLines(byte[] chunk, int count, ByteArrayOutputStream line)
        throws IOException, InterruptedException {
      int start = 0;
      for (int i = 0; i < count; i++) {
        if (chunk[i] != '\n') {
          continue;
        }
        line.write(chunk, start, i - start);
        awaitReading();
        take(line.toString(StandardCharsets.UTF_8));
        line.reset();
        start = i + 1;
      }
      line.write(chunk, start, count - start);
      if (line.size() > LONGEST_LINE_BYTES) {
        throw new IOException("a line of more than " + LONGEST_LINE_BYTES + " bytes");
      }
    }

    private void awaitReading() throws InterruptedException {
      if (!readingStalled) {
        return;
      }
      synchronized (monitor) {
        while (readingStalled && !socket.isClosed()) {
          monitor.wait(1_000);
        }
      }
    }

    private void take(String text) {
      Line line = new Line(number, read.incrementAndGet(), System.nanoTime(), text);
      Reply reply = script.replyTo(line);
      synchronized (monitor) {
        if (keepLines) {
          lines.add(line);
        }
        monitor.notifyAll();
      }
      reply.perform(this, line);
    }

    /** Sends with the next flush, which comes when nothing more is there to read. */
    void answer(String text) {
      synchronized (unsent) {
        unsent.writeBytes(text.getBytes(StandardCharsets.UTF_8));
      }
    }

    /** Performs a reply later, on the receiver's delay thread. */
    void later(Duration delay, Line line, Reply reply) {
      delayed.schedule(
          () -> {
            reply.perform(this, line);
            flush();
          },
          delay.toNanos(),
          TimeUnit.NANOSECONDS);
    }

    void write(byte[] bytes) {
      synchronized (unsent) {
        unsent.writeBytes(bytes);
      }
      flush();
    }

    void flush() {
      synchronized (unsent) {
        if (unsent.size() == 0) {
          return;
        }
        try {
          socket.getOutputStream().write(unsent.toByteArray());
        } catch (IOException e) {
          // The peer is gone: what was to be said is lost, as in life.
        }
        unsent.reset();
      }
    }

    void halfClose() {
      flush();
      try {
        socket.shutdownOutput();
      } catch (IOException e) {
        // Already closed.
      }
    }

    void finish() {
      flush();
      closeQuietly(socket);
    }

    void reset() {
      try {
        socket.setSoLinger(true, 0);
      } catch (IOException e) {
        // Already closed.
      }
      closeQuietly(socket);
    }

    void crash() {
      ScriptedReceiver.this.crash();
    }
  }
}
