import { cookie } from "@web/core/browser/cookie";
import { getColor, getCustomColor } from "@web/core/colors/colors";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { graphView } from "@web/views/graph/graph_view";
import { GraphModel } from "@web/views/graph/graph_model";
import { GraphRenderer } from "@web/views/graph/graph_renderer";

// The share of all complaints up to which the few causes are looked for that make most of them.
const MOST = 80;

// Pareto: bars from the largest to the smallest, and a line that says which share of all they make together.
class ParetoModel extends GraphModel {
    _getProcessedDataPoints() {
        const points = super._getProcessedDataPoints();
        const { groupBy, mode } = this.metaData;
        if (mode !== "bar" || !groupBy.length) {
            return points;
        }
        // What nobody has named (no supplier, no cause yet) is none of the few that are looked for.
        const unnamed = this._getDefaultFilterLabel(groupBy[0]);
        return points.filter((point) => point.labels[0] !== unnamed);
    }

    /** The line: of each bar, the share in percent that it makes with those before it. */
    _getLineOverlayDataset() {
        const { groupBy, fields, measure, order } = this.metaData;
        const { datasets, labels } = this.data;
        // Averages do not add up, nor is it a Pareto in any other order.
        const adds = measure === "__count" || fields[measure].aggregator === "sum";
        const totals = labels.map((_label, index) =>
            datasets.reduce((sum, dataset) => sum + Math.max(0, dataset.data[index]), 0)
        );
        const whole = totals.reduce((sum, value) => sum + value, 0);
        if (!adds || !groupBy.length || order?.toUpperCase() !== "DESC" || !whole) {
            return super._getLineOverlayDataset();
        }
        let before = 0;
        return {
            label: _t("Together, in % of all"),
            data: totals.map((value) => ((before += value) / whole) * 100),
            trueLabels: labels,
            yAxisID: "together",
            clip: false,
        };
    }
}

class ParetoRenderer extends GraphRenderer {
    get together() {
        const line = this.model.lineOverlayDataset;
        return line?.yAxisID && line;
    }

    getScaleOptions() {
        const scales = super.getScaleOptions();
        if (this.together) {
            const scheme = cookie.get("color_scheme");
            const worded = scales.y.ticks.callback;
            // Complaints are counted: a half one is rare.
            scales.y.ticks.callback = (value) =>
                Number.isInteger(value) && value < 1000 ? `${value}` : worded(value);
            scales.together = {
                ...scales.y,
                position: "right",
                min: 0,
                max: 100,
                title: { display: false },
                ticks: { ...scales.y.ticks, stepSize: 20, callback: (value) => `${value} %` },
                grid: {
                    color: ({ tick }) => (tick.value === MOST ? getColor(4, scheme) : "transparent"),
                    drawTicks: false,
                },
                border: { display: false, dash: [4, 4] },
            };
        }
        return scales;
    }

    getBarChartData() {
        const data = super.getBarChartData();
        if (this.together) {
            const color = getCustomColor(cookie.get("color_scheme"), "#343a40", "#e9ecef");
            Object.assign(this.together, { borderColor: color, pointRadius: 3, pointHoverRadius: 6 });
        }
        return data;
    }

    getTooltipItems(data, metaData, tooltipModel) {
        const own = ({ datasetIndex }) => this.together && datasetIndex >= data.datasets.length;
        const bars = tooltipModel.dataPoints.filter((point) => !own(point));
        const items = super.getTooltipItems(data, metaData, { ...tooltipModel, dataPoints: bars });
        for (const { dataIndex } of tooltipModel.dataPoints.filter(own)) {
            items.push({
                label: _t("%s and those before it", this.together.trueLabels[dataIndex]),
                value: `${this.together.data[dataIndex].toFixed(0)} %`,
                boxColor: this.together.borderColor,
            });
        }
        return items;
    }
}

registry.category("views").add("complaint_pareto_graph", {
    ...graphView,
    Model: ParetoModel,
    Renderer: ParetoRenderer,
});
