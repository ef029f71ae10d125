// The Java client logs, searches, registers and downloads: Story URI. Run by test_java.py; any failed check is an
// exception, and with it a failed Maven build. Artifacts go through the Python client, as this client always does it.

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.mlflow.api.proto.ModelRegistry.ModelVersion;
import org.mlflow.api.proto.Service.FileInfo;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.api.proto.Service.RunInfo;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.api.proto.Service.RunTag;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.ActiveRun;
import org.mlflow.tracking.ExperimentsPage;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowContext;
import org.mlflow.tracking.MlflowHttpException;
import org.mlflow.tracking.RunsPage;

public class Story {
    private final MlflowClient client;
    private final String stem = "java-" + UUID.randomUUID();

    private Story(String uri) {
        client = new MlflowClient(uri);
    }

    public static void main(String[] args) throws Exception {
        Story story = new Story(args[0]);
        String experiment = story.experiments();
        String run = story.runs(experiment);
        story.search(experiment, run);
        story.fluent();
        story.artifacts(run);
        story.registry(run);
        story.errors();
        System.out.println("story of Java told");
    }

    private static void check(boolean truth, String what) {
        if (!truth) {
            throw new IllegalStateException(what);
        }
    }

    private String experiments() {
        String id = client.createExperiment(stem);
        check(client.getExperiment(id).getName().equals(stem), "name of the experiment");
        check(client.getExperimentByName(stem).get().getExperimentId().equals(id), "experiment by name");
        check(client.getExperimentByName(stem + "-none").isEmpty(), "no such experiment");
        client.setExperimentTag(id, "team", "blue");
        client.renameExperiment(id, stem + "-new");
        client.deleteExperiment(id);
        check(client.getExperiment(id).getLifecycleStage().equals("deleted"), "deleted experiment");
        client.restoreExperiment(id);
        ExperimentsPage page = client.searchExperiments("name = '" + stem + "-new'");
        check(page.getItems().size() == 1 && page.getItems().get(0).getTags(0).getValue().equals("blue"), "search");
        return id;
    }

    private String runs(String experiment) {
        String run = client.createRun(experiment).getRunId();
        client.logParam(run, "alpha", "0.5");
        client.logMetric(run, "loss", 0.25);
        for (int step = 0; step < 5; step++) {
            client.logMetric(run, "acc", step / 10.0, 1000 + step, step);
        }
        client.logMetric(run, "nan", Double.NaN);
        List<Metric> metrics = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            metrics.add(Metric.newBuilder().setKey("m" + i).setValue(i).setTimestamp(1).setStep(0).build());
        }
        client.logBatch(run, metrics, List.of(Param.newBuilder().setKey("p").setValue("ä b").build()),
                List.of(RunTag.newBuilder().setKey("t").setValue("v").build()));
        client.setTag(run, "gone", "x");
        client.deleteTag(run, "gone");
        client.setTerminated(run, RunStatus.FINISHED, 123456789);
        Run back = client.getRun(run);
        check(back.getInfo().getStatus() == RunStatus.FINISHED && back.getInfo().getEndTime() == 123456789, "status");
        check(back.getData().getMetricsCount() == 103 && back.getData().getParamsCount() == 2, "data of the run");
        check(back.getData().getTagsList().stream().noneMatch(t -> t.getKey().equals("gone")), "deleted tag");
        List<Metric> history = client.getMetricHistory(run, "acc");
        check(history.size() == 5 && history.get(4).getValue() == 0.4 && history.get(4).getStep() == 4, "history");
        client.deleteRun(run);
        check(client.searchRuns(List.of(experiment), "").isEmpty(), "deleted run");
        client.restoreRun(run);
        return run;
    }

    private void search(String experiment, String first) {
        for (int i = 0; i < 4; i++) {
            String run = client.createRun(experiment).getRunId();
            client.logMetric(run, "score", i);
        }
        List<String> ids = List.of(experiment);
        check(client.searchRuns(ids, "metrics.score >= 2").size() == 2, "filter");
        List<RunInfo> found = client.searchRuns(ids, "params.p = 'ä b'", ViewType.ACTIVE_ONLY);
        check(found.size() == 1 && found.get(0).getRunId().equals(first), "filter on a param");
        RunsPage page = client.searchRuns(ids, "metrics.score >= 0", ViewType.ALL, 3, List.of("metrics.score DESC"));
        check(page.getItems().size() == 3 && page.getItems().get(0).getData().getMetrics(0).getValue() == 3, "order");
        check(page.hasNextPage() && page.getNextPage().getItems().iterator().hasNext(), "pages");
    }

    private void fluent() {
        MlflowContext context = new MlflowContext(client);
        client.createExperiment(stem + "-fluent");
        context.setExperimentName(stem + "-fluent");
        ActiveRun parent = context.startRun("parent");
        parent.logParam("p", "1");
        ActiveRun child = context.startRun("child", parent.getId());
        child.logMetric("m", 1.0);
        child.endRun();
        parent.endRun();
        Run back = client.getRun(child.getId());
        check(back.getData().getTagsList().stream().anyMatch(
                t -> t.getKey().equals("mlflow.parentRunId") && t.getValue().equals(parent.getId())), "parent");
        check(back.getInfo().getStatus() == RunStatus.FINISHED, "ended");
    }

    private void artifacts(String run) throws Exception {
        Path directory = Files.createTempDirectory("millrace-java");
        Path file = directory.resolve("two words.txt");
        Files.writeString(file, "hello");
        client.logArtifact(run, file.toFile());
        client.logArtifacts(run, directory.toFile(), "tree");
        List<FileInfo> listed = client.listArtifacts(run);
        check(listed.size() == 2 && listed.get(0).getPath().equals("tree") && listed.get(0).getIsDir(), "list of artifacts");
        File local = client.downloadArtifacts(run, "tree/two words.txt");
        check(Files.readString(local.toPath()).equals("hello"), "download");
    }

    private void registry(String run) throws Exception {
        String name = stem + "-model";
        String source = client.getRun(run).getInfo().getArtifactUri() + "/tree";
        client.sendPost("registered-models/create", "{\"name\": \"" + name + "\"}");
        for (int i = 0; i < 2; i++) {
            client.sendPost("model-versions/create", "{\"name\": \"" + name + "\", \"source\": \"" + source
                    + "\", \"run_id\": \"" + run + "\"}");
        }
        client.sendPost("model-versions/transition-stage",
                "{\"name\": \"" + name + "\", \"version\": \"2\", \"stage\": \"Production\"}");
        client.sendPatch("model-versions/update",
                "{\"name\": \"" + name + "\", \"version\": \"1\", \"description\": \"first\"}");
        check(client.getModelVersion(name, "1").getDescription().equals("first"), "description");
        check(client.getRegisteredModel(name).getLatestVersionsCount() == 2, "registered model");
        List<ModelVersion> latest = client.getLatestVersions(name, List.of("Production"));
        check(latest.size() == 1 && latest.get(0).getVersion().equals("2"), "latest version");
        check(client.getModelVersionDownloadUri(name, "2").equals(source), "download URI");
        check(client.searchModelVersions("name = '" + name + "'").getItems().size() == 2, "search of versions");
        File local = client.downloadModelVersion(name, "1");
        check(local.toPath().resolve("two words.txt").toFile().isFile(), "download of a version");
    }

    private void errors() {
        try {
            client.getRun("f".repeat(32));
        } catch (MlflowHttpException error) {
            check(error.getStatusCode() == 404 && error.getBodyMessage().contains("RESOURCE_DOES_NOT_EXIST"), "error");
            return;
        }
        throw new IllegalStateException("a run that does not exist");
    }
}
