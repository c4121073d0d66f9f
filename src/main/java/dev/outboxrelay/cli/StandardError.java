// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.threads.Errors;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Standard error, for which nobody waits: the log's reader may stand still, and the log is written
 * by threads that everything else waits for. Lines go into a queue of bounded size, and a thread of
 * its own writes them. When the queue is full the oldest lines are dropped, since the newest say
 * what is wrong now; they are counted, and the reader is told where they are missing.
 *
 * <p>Bytes and not log events are queued, so that it serves whoever writes to {@code System.err}.
 *
 * <p>Threads: any thread writes; one thread takes out. The monitor guards every field that is not
 * final, and is never held while anything is written.
 */
final class StandardError extends OutputStream {
  private static final int MAX_BYTES = 512 * 1024;

  /** What has no end of line is a line at this length. */
  private static final int MAX_LINE_BYTES = 32 * 1024;

  /** How long the end of the process waits for a reader. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private static volatile @Nullable StandardError installed;

  /** Whether the log's lines are JSON. */
  private static volatile boolean json;

  private final OutputStream out;
  private final ArrayDeque<byte[]> queue = new ArrayDeque<>();
  private int queuedBytes;
  private byte[] line = new byte[256];
  private int lineBytes;
  private boolean writing;
  private long dropped;

  /** Dropped, and the reader has not been told. */
  private long untold;

  StandardError(OutputStream out) {
    this.out = out;
    Thread thread = new Thread(this::writeOut, "stderr");
    thread.setDaemon(true);
    thread.start();
  }

  /** Puts it in the place of {@code System.err}; the first thing that the program does. */
  static void install() {
    StandardError error = new StandardError(new FileOutputStream(FileDescriptor.err));
    System.setErr(new PrintStream(error, false, StandardCharsets.UTF_8));
    installed = error;
  }

  /** From now on the log's lines are JSON. */
  static void writeJson() {
    json = true;
  }

  /** How many lines nobody could be given; 0 where it is not installed. */
  static long droppedLines() {
    StandardError error = installed;
    return error == null ? 0 : error.dropped();
  }

  /**
   * Waits until everything is written that was, for a second at most: the last thing before the
   * process ends.
   */
  static void settle() {
    StandardError error = installed;
    if (error != null) {
      error.drain(PATIENCE);
    }
  }

  @Override
  public void write(int b) {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public synchronized void write(byte[] bytes, int offset, int length) {
    int end = offset + length;
    int from = offset;
    for (int at = offset; at < end; at++) {
      if (bytes[at] == '\n' || lineBytes + at + 1 - from >= MAX_LINE_BYTES) {
        keep(bytes, from, at + 1);
        flush();
        from = at + 1;
      }
    }
    keep(bytes, from, end);
  }

  private void keep(byte[] bytes, int from, int to) {
    int count = to - from;
    if (lineBytes + count > line.length) {
      line = Arrays.copyOf(line, Math.max(2 * line.length, lineBytes + count));
    }
    System.arraycopy(bytes, from, line, lineBytes, count);
    lineBytes += count;
  }

  /** Queues the line as far as it has come. */
  @Override
  public synchronized void flush() {
    if (lineBytes == 0) {
      return;
    }
    while (queuedBytes + lineBytes > MAX_BYTES) {
      queuedBytes -= queue.remove().length;
      drop();
    }
    queue.add(Arrays.copyOf(line, lineBytes));
    queuedBytes += lineBytes;
    lineBytes = 0;
    notifyAll();
  }

  private void drop() {
    dropped++;
    untold++;
  }

  private synchronized long dropped() {
    return dropped;
  }

  /**
   * Waits until nothing is queued.
   *
   * @return false when it took too long
   */
  synchronized boolean drain(Duration atMost) {
    flush();
    long until = System.nanoTime() + atMost.toNanos();
    while (writing || !queue.isEmpty()) {
      long leftMillis = (until - System.nanoTime()) / 1_000_000;
      if (leftMillis <= 0) {
        return false;
      }
      try {
        wait(leftMillis);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return true;
  }

  /** INVARIANT: nothing ends this, or the log would be silent for ever. */
  private void writeOut() {
    while (true) {
      try {
        writeOne();
      } catch (InterruptedException e) {
        continue; // nobody has a reason to
      } catch (RuntimeException | Error e) {
        Errors.report(e);
      }
    }
  }

  private void writeOne() throws InterruptedException {
    long missing;
    byte[] next;
    synchronized (this) {
      writing = false;
      notifyAll();
      while (queue.isEmpty()) {
        wait();
      }
      next = queue.remove();
      queuedBytes -= next.length;
      missing = untold;
      untold = 0;
      writing = true;
    }
    try {
      if (missing > 0) {
        out.write(gap(missing));
      }
      out.write(next);
    } catch (IOException e) {
      // Nobody is there any more, and nobody else can be told.
      synchronized (this) {
        drop();
        untold += missing;
      }
    }
  }

  /** Written as the log's lines are. */
  private static byte[] gap(long missing) {
    Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
    String message = missing + " lines of the log are missing here: nobody read them";
    String text =
        (json
                ? "{\"@timestamp\":\""
                    + now
                    + "\",\"log.level\":\"warn\",\"message\":\""
                    + message
                    + "\",\"ecs.version\":\""
                    + EcsEncoder.ECS_VERSION
                    + "\",\"service.name\":\"outbox-relay\"}"
                : now + " WARN  [stderr] StandardError - " + message)
            + System.lineSeparator();
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
