package dev.outboxrelay.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Reads a process's log by a pipe into a file, and can stop reading, as a log shipper does. */
public final class LogPipe {
  private static final int CHUNK_BYTES = 8 * 1024;

  private final Object monitor = new Object();
  private boolean stopped;

  /** Reads this stream to its end, on a thread of its own. */
  public void read(InputStream from, Path log) {
    Threads.daemons("log-pipe").newThread(() -> pump(from, log)).start();
  }

  /**
   * Nothing is read until {@link #readOn}; what does not fit into the pipe waits, or whoever
   * writes.
   */
  public void stopReading() {
    synchronized (monitor) {
      stopped = true;
    }
  }

  public void readOn() {
    synchronized (monitor) {
      stopped = false;
      monitor.notifyAll();
    }
  }

  private void pump(InputStream from, Path log) {
    byte[] chunk = new byte[CHUNK_BYTES];
    try (OutputStream to =
        Files.newOutputStream(log, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      awaitReading();
      for (int count = from.read(chunk); count >= 0; count = from.read(chunk)) {
        to.write(chunk, 0, count);
        awaitReading();
      }
    } catch (IOException e) {
      // The process has ended.
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void awaitReading() throws InterruptedException {
    synchronized (monitor) {
      while (stopped) {
        monitor.wait();
      }
    }
  }
}
