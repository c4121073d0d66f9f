// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.Await;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;

final class StandardErrorTest {
  /** More than the queue takes. */
  private static final int MANY = 20_000;

  private static final String LINE = "a line of the log that is as long as most are: %d%n";

  private final Reader reader = new Reader();
  private final StandardError error = new StandardError(reader);
  private final PrintStream out = new PrintStream(error, false, StandardCharsets.UTF_8);

  /** Stands still until it is let; may be gone for good. */
  private static final class Reader extends OutputStream {
    private final ByteArrayOutputStream got = new ByteArrayOutputStream();
    private final Semaphore reads = new Semaphore(0);
    private volatile boolean gone;

    void read() {
      reads.release(1 << 30);
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      reads.acquireUninterruptibly();
      if (gone) {
        throw new IOException("Broken pipe");
      }
      synchronized (this) {
        got.write(bytes, offset, length);
      }
    }

    synchronized List<String> lines() {
      return got.toString(StandardCharsets.UTF_8).lines().toList();
    }
  }

  private void writeMany() {
    for (int n = 0; n < MANY; n++) {
      out.printf(LINE, n);
    }
    out.flush();
  }

  @Test
  void lines_readerStandsStill_keepNobodyAndTheNewestComeOut() {
    writeMany();
    assertFalse(error.drain(Duration.ofMillis(10)));
    reader.read();
    assertTrue(error.drain(Duration.ofSeconds(20)));
    List<String> lines = reader.lines();
    assertEquals(LINE.formatted(MANY - 1).strip(), lines.get(lines.size() - 1));
    String gap = lines.stream().filter(l -> l.contains("are missing here")).findFirst().get();
    int missing = Integer.parseInt(gap.replaceAll(".* - (\\d+) lines.*", "$1"));
    assertEquals(MANY, lines.size() - 1 + missing);
    assertTrue(missing > 0, gap);
    assertTrue(gap.matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d.*Z WARN .*"), gap);
  }

  @Test
  void lines_readerThere_comeWholeAndInOrder() {
    reader.read();
    out.print("one ");
    out.print("line");
    out.println();
    out.print("another, without an end");
    out.flush();
    assertTrue(error.drain(Duration.ofSeconds(20)));
    assertEquals(List.of("one line", "another, without an end"), reader.lines());
  }

  @Test
  void line_withoutAnEnd_takesBoundedMemory() {
    byte[] much = new byte[1 << 20];
    for (int n = 0; n < 20; n++) {
      error.write(much, 0, much.length);
    }
    reader.read();
    assertTrue(error.drain(Duration.ofSeconds(20)));
    assertTrue(reader.lines().toString().length() < 1 << 20);
  }

  @Test
  void reader_gone_costsNothingButItsLines() throws Exception {
    reader.gone = true;
    reader.read();
    writeMany();
    assertTrue(error.drain(Duration.ofSeconds(20)));
    reader.gone = false;
    out.println("back");
    Await.until("written", () -> reader.lines().contains("back"));
    assertTrue(reader.lines().get(0).contains(" " + MANY + " lines"), reader.lines().toString());
  }
}
