import { getColor } from "@web/core/colors/colors";
import { cookie } from "@web/core/browser/cookie";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { graphView } from "@web/views/graph/graph_view";
import { GraphModel } from "@web/views/graph/graph_model";
import { GraphRenderer } from "@web/views/graph/graph_renderer";

// A grade is no amount: it is written over the lines, on the day from which it counts.
class CreditHistoryModel extends GraphModel {
    async _loadDataPoints(metaData) {
        const spec = metaData.groupBy[0]?.spec;
        const [points, groups] = await Promise.all([
            super._loadDataPoints(metaData),
            metaData.groupBy[0]?.fieldName === "date"
                ? this.orm.formattedReadGroup(metaData.resModel, metaData.domain, [spec, "grade_id"], [])
                : [],
        ]);
        this.grades = {};
        for (const group of groups) {
            const day = group[spec][1];
            // Where several customers are drawn together, a day has no grade of its own.
            this.grades[day] = day in this.grades ? false : group.grade_id && _t("Grade %s", group.grade_id[1]);
        }
        return points;
    }
}

class CreditHistoryRenderer extends GraphRenderer {
    getChartConfig() {
        const config = super.getChartConfig();
        if (config.type === "line") {
            // Above the topmost line there is room for the grades.
            config.options.scales.y.grace = "12%";
            for (const dataset of config.data.datasets) {
                // A row is kept when something changed: until then what was said before holds.
                dataset.stepped = true;
            }
            config.plugins.push({ id: "grades", afterDatasetsDraw: (chart) => this.drawGrades(chart) });
        }
        return config;
    }

    drawGrades({ ctx, chartArea, data, scales }) {
        let before;
        ctx.save();
        ctx.font = "600 12px sans-serif";
        ctx.textBaseline = "top";
        ctx.strokeStyle = ctx.fillStyle = getColor(4, cookie.get("color_scheme"));
        ctx.setLineDash([3, 3]);
        data.labels.forEach((label, index) => {
            const grade = this.model.grades[label];
            if (!grade || grade === before) {
                return;
            }
            before = grade;
            const x = scales.x.getPixelForValue(index);
            ctx.beginPath();
            ctx.moveTo(x, chartArea.top);
            ctx.lineTo(x, chartArea.bottom);
            ctx.stroke();
            const left = x + 4 + ctx.measureText(grade).width > chartArea.right;
            ctx.textAlign = left ? "right" : "left";
            ctx.fillText(grade, left ? x - 4 : x + 4, chartArea.top + 2);
        });
        ctx.restore();
    }
}

registry.category("views").add("credit_history_graph", {
    ...graphView,
    Model: CreditHistoryModel,
    Renderer: CreditHistoryRenderer,
});
