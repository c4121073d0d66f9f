// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.cli.Main;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * A relay whose memory can be taken away: at a line on its standard input everything is taken that
 * is left, and kept. From then on each of its threads may meet an OutOfMemoryError at any line.
 */
public final class HungryRelay {
  private static final int LARGEST_BITE_BYTES = 1 << 20;
  private static final int SMALLEST_BITE_BYTES = 16;

  private HungryRelay() {}

  public static void main(String[] args) {
    Thread eater = new Thread(HungryRelay::eatWhenTold, "hunger");
    eater.setDaemon(true);
    eater.start();
    Main.main(args);
  }

  private static void eatWhenTold() {
    try {
      if (System.in.read() < 0) {
        return;
      }
    } catch (IOException e) {
      return;
    }
    eat();
  }

  /** Whatever is freed is taken as well. */
  private static void eat() {
    Object kept = null;
    int bite = LARGEST_BITE_BYTES;
    while (true) {
      try {
        kept = new Object[] {kept, new byte[bite]};
      } catch (OutOfMemoryError e) {
        if (bite > SMALLEST_BITE_BYTES) {
          bite /= 2;
        } else {
          pause();
        }
      }
    }
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(5);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
