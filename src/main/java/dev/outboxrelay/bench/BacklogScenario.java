package dev.outboxrelay.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Whether the size of a backlog matters, to the rate and to a small heap. */
final class BacklogScenario implements Scenario {
  private static final Duration NOTHING_NEW = Duration.ofSeconds(120);
  private static final List<String> SMALL_HEAP = List.of("-Xmx64m");

  @Override
  public String name() {
    return "backlog";
  }

  @Override
  public String title() {
    return "rate at 100,000, 1,000,000 and 10,000,000 messages owed, with a heap of 64 MB";
  }

  @Override
  public Result run(Stage stage) throws Exception {
    int[] sizes = {
      stage.size(100_000, 1_000), stage.size(1_000_000, 2_000), stage.size(10_000_000, 4_000)
    };
    List<Series> rates = new ArrayList<>();
    Series resident = new Series();
    try (BenchDatabase database = stage.database();
        Arrivals arrivals = Arrivals.listen(line -> {});
        RelayProcess relay = stage.relay(database, SMALL_HEAP, List.of())) {
      Orders orders = Orders.create(database, "backlog", arrivals.uri(), "key");
      RelayDrain drain = new RelayDrain(database, orders, arrivals, relay, NOTHING_NEW);
      Backlog backlog = new Backlog(database);
      backlog.owe("'backlog'", sizes[1] / 2);
      drain.drain(sizes[1] / 2);
      for (int size : sizes) {
        Series rate = new Series();
        rates.add(rate);
        // The largest takes as long as all others together.
        int runs = size == sizes[2] ? Math.min(2, stage.runs()) : stage.runs();
        for (int run = 1; run <= runs; run++) {
          backlog.owe("'backlog'", size);
          rate.add(drain.drain(size));
          stage.say("backlog of " + Series.number(size) + ", " + run + "/" + runs + ": " + rate);
        }
      }
      resident.add(peakResidentMegabytes(relay.pid()));
    }
    Series smallest = Series.of(rates.get(0).median());
    List<Figure> figures = new ArrayList<>();
    figures.add(Figure.of(Series.number(sizes[0]) + " owed", "messages/s", rates.get(0)));
    figures.add(Figure.of(Series.number(sizes[1]) + " owed", "messages/s", rates.get(1)));
    figures.add(Figure.of(Series.number(sizes[2]) + " owed", "messages/s", rates.get(2)));
    figures.add(
        Figure.against(
                "largest, median",
                "messages/s",
                Series.of(rates.get(2).median()),
                "smallest, median",
                smallest)
            .ratioAtLeast(0.9));
    figures.add(Figure.of("peak resident, heap limit 64 MB", "MB", resident));
    List<Plot.Point> points = new ArrayList<>();
    for (int at = 0; at < sizes.length; at++) {
      points.add(new Plot.Point(sizes[at], rates.get(at).median()));
    }
    return new Result(
        figures,
        List.of(
            new Plot(
                "backlog",
                "Rate by the size of the backlog, heap 64 MB",
                "messages owed",
                "messages/s",
                true,
                List.of(new Plot.Line("relay", points)))),
        List.of("the relay runs with -Xmx64m throughout; it would have ended on running out"));
  }

  private static double peakResidentMegabytes(long pid) throws java.io.IOException {
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
