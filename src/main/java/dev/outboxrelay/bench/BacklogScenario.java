// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Whether the size of a backlog matters, to the rate and to a small heap. */
final class BacklogScenario implements Scenario {
  private static final List<String> SMALL_HEAP = List.of("-Xmx64m");

  /** The figures of one size. */
  private record Size(int messages, Series rate, Series whole, Series start) {
    static Size of(int messages) {
      return new Size(messages, new Series(), new Series(), new Series());
    }

    void add(Drained drained) {
      rate.add(drained.perSecondOnceStarted());
      whole.add(drained.perSecond());
      start.add(drained.startMillis());
    }

    String words() {
      return Series.number(messages) + " owed";
    }
  }

  @Override
  public String name() {
    return "backlog";
  }

  @Override
  public String title() {
    return "the rate by the number of messages owed, with a heap of 64 MB";
  }

  @Override
  public Result run(Stage stage) throws Exception {
    List<Size> sizes =
        List.of(
            Size.of(stage.size(100_000, 1_000)),
            Size.of(stage.size(1_000_000, 2_000)),
            Size.of(stage.size(10_000_000, 4_000)));
    Series resident = new Series();
    try (BenchDatabase database = stage.database();
        Arrivals arrivals = Arrivals.listen(line -> {});
        RelayProcess relay = stage.relay(database, SMALL_HEAP, List.of())) {
      Backlog backlog = Backlog.create(database, arrivals.uri(), 1);
      RelayDrain drain = new RelayDrain(database, backlog, arrivals, relay);
      drain.warmUp(stage.size(500_000, 1_000));
      List<Turns.Turn> turns = new ArrayList<>();
      for (Size size : sizes) {
        turns.add(
            () -> {
              size.add(drain.run(size.messages()));
              stage.say("backlog of " + size.words() + ": " + size.rate());
            });
      }
      for (int run = 1; run <= stage.runs(); run++) {
        stage.say("backlog " + run + "/" + stage.runs());
        Turns.take(run, turns);
      }
      resident.add(peakResidentMegabytes(relay.pid()));
    }
    return new Result(
        figures(sizes, resident),
        List.of(plot(sizes)),
        List.of(
            "the relay runs with -Xmx64m throughout, and ends, as packaged, when it runs out",
            "rates are from the first message's receipt to the last row's completion; what comes"
                + " before, from the end of the pause, is the start"));
  }

  private static List<Figure> figures(List<Size> sizes, Series resident) {
    Size smallest = sizes.get(0);
    List<Figure> figures = new ArrayList<>();
    figures.add(Figure.of(smallest.words(), "messages/s", smallest.rate()));
    for (Size size : sizes.subList(1, sizes.size())) {
      figures.add(
          Figure.against(size.words(), "messages/s", size.rate(), smallest.words(), smallest.rate())
              .ratioAtLeast(0.9));
    }
    for (Size size : sizes) {
      figures.add(Figure.of("start, " + size.words(), "ms", size.start()));
      figures.add(Figure.of("start included, " + size.words(), "messages/s", size.whole()));
    }
    figures.add(Figure.of("peak resident, heap limit 64 MB", "MB", resident));
    return figures;
  }

  private static Plot plot(List<Size> sizes) {
    return new Plot(
        "backlog",
        "Rate by the size of the backlog, heap 64 MB",
        "messages owed",
        "messages/s",
        true,
        List.of(
            new Plot.Line(
                "relay",
                sizes.stream()
                    .map(size -> new Plot.Point(size.messages(), size.rate().median()))
                    .toList())));
  }

  private static double peakResidentMegabytes(long pid) throws IOException {
    Path status = Path.of("/proc", Long.toString(pid), "status");
    if (!Files.exists(status)) {
      return Double.NaN;
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmHWM"))
        .mapToDouble(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024.0)
        .findFirst()
        .orElse(Double.NaN);
  }
}
